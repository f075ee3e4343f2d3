"""One thing that `bauweiche doctor` looked at, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from gateway.commands.seat import dumped

_MARKS = {"ok": "✓", "warn": "!", "fail": "✕"}


@dataclass(frozen=True, slots=True)
class Result:
    """What was looked at and found; `level` is `ok`, `warn` or `fail`."""

    level: str
    what: str
    detail: str


def shown(results: Sequence[Result], *, as_json: bool) -> str:
    """Return the results for stdout, one a line, or as JSON."""
    if as_json:
        return dumped([asdict(result) for result in results])
    return "".join(f"{_MARKS[result.level]} {result.what:<22} {result.detail}\n" for result in results)
