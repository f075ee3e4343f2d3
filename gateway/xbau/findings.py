"""What a check finds, as values."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.xbau.replies.values import Ground

OURS = "unser Schema"
OFFICIAL = "amtliches Schema"
RULE = "Regel"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where.

    `path` is made of local names, `line` counts from 1 (None if unknown). `sentence` is German, `original` the English
    words of the schema processor, or the name of the rule. A finding that is `minor` does not make a message faulty.
    """

    path: str
    line: int | None
    sentence: str
    original: str
    source: str
    kennzahl: str = "X001"
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check: which message it is, what it was held against, and what was found."""

    release: str
    number: str
    sources: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found that makes the message faulty."""
        return all(finding.minor for finding in self.findings)

    def grounds(self, most: int = 20) -> tuple[Ground, ...]:
        """Return the faults as grounds of a rejection (1100), the same fault of two schemas only once."""
        wanted = [finding for finding in self.findings if not finding.minor]
        texts = dict.fromkeys((finding.kennzahl, f"{finding.path}: {finding.sentence}") for finding in wanted)
        return tuple(Ground(kennzahl, text) for kennzahl, text in list(texts)[:most])
