"""What a bench brings home: figures with every single round, so that nobody has to believe a lucky one."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity: a value per round, and what is promised of the median (`least`, `most`), if anything."""

    name: str
    what: str
    unit: str
    values: tuple[float, ...]
    least: float | None = None
    most: float | None = None

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def promised(self) -> str:
        """The promise in words, or an empty string."""
        if self.least is not None:
            return f"≥ {_plain(self.least)}"
        return f"≤ {_plain(self.most)}" if self.most is not None else ""

    @property
    def kept(self) -> bool:
        """Whether the median keeps the promise."""
        return (self.least is None or self.median >= self.least) and (self.most is None or self.median <= self.most)


def ratios(ours: Sequence[float], floors: Sequence[float]) -> tuple[float, ...]:
    """Return round for round what we reach of the floor; both are rates, measured one after the other."""
    return tuple(mine / floor for mine, floor in zip(ours, floors, strict=True))


def quantile(values: Iterable[float], share: float) -> float:
    """Return the value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as lines of a table: name, median, spread, promise, verdict, what it is."""
    rows: list[tuple[str, ...]] = [("Messung", "Median", "Streuung", "Soll", "", "Was")]
    rows += [_row(figure) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(_line(row, widths) for row in rows)


def markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| Messung | Median | Streuung | Soll | |", "|---|---|---|---|---|"]
    for name, median, spread, promised, verdict, what in map(_row, figures):
        lines.append(f"| `{name}`: {what} | {median} | {spread} | {promised} | {verdict} |")
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    spread = f"{_plain(min(figure.values))} … {_plain(max(figure.values))}"
    verdict = "" if not figure.promised else "ok" if figure.kept else "VERFEHLT"
    return figure.name, f"{_plain(figure.median)} {figure.unit}", spread, figure.promised, verdict, figure.what


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()


def _plain(value: float) -> str:
    """Return a number with three digits that count."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
