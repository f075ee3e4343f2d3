"""What a dry run has to say about a survey: by row and column, and how much it matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The row is not applied."""
    WARNING = "warning"
    """The row is applied if a person agrees."""
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of the dry run: `row` as people count (0: the whole table), `column` its heading or empty."""

    severity: Severity
    row: int
    column: str
    text: str


class Notes:
    """Collects the findings of one row; empty texts are none."""

    def __init__(self, row: int, headings: Mapping[str, str]) -> None:
        self._row, self._headings = row, headings
        self._found: list[Finding] = []

    def error(self, field: str, text: str) -> None:
        """Note why the row cannot be applied."""
        self._add(Severity.ERROR, field, text)

    def warning(self, field: str, text: str) -> None:
        """Note what a person must look at."""
        self._add(Severity.WARNING, field, text)

    def info(self, field: str, text: str) -> None:
        """Note what is good to know."""
        self._add(Severity.INFO, field, text)

    def failed(self) -> bool:
        """Return whether an error was noted."""
        return any(finding.severity is Severity.ERROR for finding in self._found)

    def findings(self) -> tuple[Finding, ...]:
        """Return everything noted, in order."""
        return tuple(self._found)

    def _add(self, severity: Severity, field: str, text: str) -> None:
        if text:
            self._found.append(Finding(severity, self._row, self._headings.get(field, ""), text))
