"""What a proof brings home: counted figures, what contradicts the promise, and what could not be shown here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RECORDED = Path(__file__).with_name("recorded")

Number = int | float


@dataclass(frozen=True, slots=True)
class Figure:
    """One counted or measured value, and what is promised of it (`least`, `most`), if anything."""

    what: str
    value: Number
    unit: str = ""
    least: Number | None = None
    most: Number | None = None

    @property
    def kept(self) -> bool:
        """Whether the value keeps the promise."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def promised(self) -> str:
        """The promise in signs, or an empty string."""
        if self.least is not None and self.most is not None:
            return plain(self.least) if self.least == self.most else f"{plain(self.least)} … {plain(self.most)}"
        if self.least is not None:
            return f"≥ {plain(self.least)}"
        return f"≤ {plain(self.most)}" if self.most is not None else ""


def exactly(what: str, value: Number, wanted: Number, unit: str = "") -> Figure:
    """Return a figure of which only one value is right."""
    return Figure(what, value, unit, wanted, wanted)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one proof found: the promise it tried, its figures, and what contradicts the promise or stays open."""

    promise: str
    figures: tuple[Figure, ...]
    failures: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether nothing contradicts the promise."""
        return not self.failures and all(figure.kept for figure in self.figures)


@dataclass(frozen=True, slots=True)
class Record:
    """A finding with the circumstances under which it was made."""

    name: str
    command: str
    date: str
    machine: str
    seconds: int
    finding: Finding

    def save(self, folder: Path = RECORDED) -> None:
        """Keep it as `<name>.json`, in place of an earlier one."""
        folder.mkdir(exist_ok=True)
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        (folder / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")


def load(name: str, folder: Path = RECORDED) -> Record | None:
    """Return what is recorded of a proof, or None."""
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    value = json.loads(path.read_text(encoding="utf-8"))
    found = value["finding"]
    finding = Finding(
        found["promise"],
        tuple(Figure(**figure) for figure in found["figures"]),
        tuple(found["failures"]),
        tuple(found["not_shown"]),
    )
    return Record(**(value | {"finding": finding}))


def plain(value: Number) -> str:
    """Return a number as people read it: counts in full, measures with three digits that count."""
    if isinstance(value, int) or value >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def lines(finding: Finding) -> Sequence[str]:
    """Return a finding as lines for a terminal."""
    said = [f"  {one.what}: {plain(one.value)} {one.unit}".rstrip() + _verdict(one) for one in finding.figures]
    said += [f"  FAILED: {failure}" for failure in finding.failures]
    return [*said, *(f"  not shown: {text}" for text in finding.not_shown)]


def _verdict(figure: Figure) -> str:
    return f"  ({figure.promised}: {'kept' if figure.kept else 'MISSED'})" if figure.promised else ""
