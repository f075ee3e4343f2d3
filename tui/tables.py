"""Lists as values: columns, which of them fit a width, order and filter; nothing here draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from gateway.domain.filtering import Query, fold
from tui.plain import plain

T = TypeVar("T")


class Cell(NamedTuple):
    """What stands in one field of a list; `tone` names a colour that never says more than the words do."""

    text: str
    tone: str = ""


TONES = ("good", "warn", "bad", "muted", "accent", "strong")
"""Every tone a cell may have."""


@dataclass(frozen=True)  # without slots: Python 3.11 cannot make a generic one with them
class Column(Generic[T]):
    """One column; `rank` 0 is always shown, the others in their order where room is left; `grow` takes spare cells.

    Title and help are the texts `<section>.col.<name>` and `<section>.help.<name>`, unless `title` says it.
    """

    name: str
    width: int
    cell: Callable[[T], Cell | str]
    order: Callable[[T], Any] | None = None
    rank: int = 0
    grow: int = 0
    right: bool = False
    title: str = ""


@dataclass(frozen=True)
class Table(Generic[T]):
    """What a list shows: section of texts, a row's key, columns, fields its filter knows, and `more` to search in."""

    section: str
    key: Callable[[T], str]
    columns: tuple[Column[T], ...]
    fields: Mapping[str, Callable[[T], str]] = field(default_factory=dict)
    more: Callable[[T], str] | None = None

    def column(self, name: str) -> Column[T] | None:
        """Return a column by its name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Order:
    """By which column a list is sorted; empty for the order in which the rows came."""

    column: str = ""
    backwards: bool = False


def cell_of(column: Column[T], item: T) -> Cell:
    """Return what stands in a field, harmless."""
    found = column.cell(item)
    cell = Cell(found) if isinstance(found, str) else found
    return Cell(plain(cell.text), cell.tone)


def haystack(table: Table[T], item: T) -> str:
    """Return everything of a row that free words are searched in."""
    more = table.more(item) if table.more else ""
    return fold(" ".join([table.key(item), *(cell_of(column, item).text for column in table.columns), more]))


def chosen(table: Table[T], items: Sequence[T], stacks: Sequence[str], query: Query, order: Order) -> list[T]:
    """Return the rows that a filter lets through, sorted; `stacks` are the haystacks of `items`."""
    if query.terms:
        found = [
            item
            for item, stack in zip(items, stacks, strict=True)
            if query.matches(stack, partial(_field, table, item))
        ]
    else:
        found = list(items)
    column = table.column(order.column)
    if column is None:
        return found
    by = column.order or (lambda item: fold(cell_of(column, item).text))
    return sorted(found, key=lambda item: _missing_last(by(item), order.backwards), reverse=order.backwards)


def _field(table: Table[T], item: T, name: str) -> str:
    return table.fields[name](item)


def _missing_last(value: Any, backwards: bool) -> tuple[bool, Any]:
    """Return a sort key by which rows without a value stand at the end whichever way a list is sorted."""
    if value is None or value == "":
        return (not backwards, 0)
    return (backwards, value)


GAP = 1
LEAST = 8
"""Cells below which a column that can give way is not narrowed."""


def layout(table: Table[T], width: int) -> list[tuple[Column[T], int]]:
    """Return the columns that fit into a width, in their order, with their widths; spare cells go where they may."""
    shown: list[Column[T]] = []
    used = -GAP
    for column in sorted(table.columns, key=lambda column: column.rank):
        if column.rank and used + GAP + column.width > width:
            break
        shown.append(column)
        used += GAP + column.width
    kept = [column for column in table.columns if column in shown]
    shares = sum(column.grow for column in kept)
    result = {}
    spare = width - used
    for column in kept:
        # Wider by their shares; narrower likewise, but never below what still says something.
        more = spare * column.grow // shares if shares else 0
        result[column.name] = max(min(column.width, LEAST), column.width + more)
    over = sum(result.values()) + GAP * (len(kept) - 1) - width
    for column in sorted(kept, key=lambda column: -result[column.name]):
        taken = max(0, min(over, result[column.name] - LEAST)) if column.grow else 0
        result[column.name] -= taken
        over -= taken
    return [(column, result[column.name]) for column in kept]
