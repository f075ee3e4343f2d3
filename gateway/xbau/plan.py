"""What is known of a shape before any submission is seen: its tags at their indentation, and what may stand in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final, NamedTuple

from gateway.xbau.antrag.base import Teil
from gateway.xbau.release import Release
from gateway.xbau.schema import Shape, patterns
from gateway.xbau.tree import fields
from gateway.xbau.values import EASY, escaped, held_codes

Ready = Callable[[str], object]
"""Tells (by a true value) whether a text may stand in a place as it is: allowed, listed, and nothing to escape."""

_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_EASY: Final[Ready] = EASY.fullmatch
_NEVER: Final[Ready] = frozenset[str]().__contains__
"""For what always needs a closer look: it is wrapped, numbered or cut."""


class Step(NamedTuple):
    """How a child is written: the text between `head` and `tail` where it is `ready`, else by its shape.

    `key` is the field of the model, or the name in a group. A `sure` step takes numbers, dates and truths unseen.
    `mark` is the child's bit in what has been written.
    """

    key: str
    head: str
    tail: str
    ready: Ready
    sure: bool
    shape: Shape
    mark: int


class Plan(NamedTuple):
    """A shape at one indentation: its own tags, and a step per child, in order.

    `needed` are the marks of the children that must be there; of the marks of each choice there must be one.
    """

    opening: str
    closing: str
    deeper: str
    steps: tuple[Step, ...]
    needed: int
    choices: tuple[int, ...]

    def lacks(self, done: int) -> bool:
        """Tell whether anything is missing, or nothing is there at all."""
        if not done or done & self.needed != self.needed:
            return True
        return bool(self.choices) and any(not done & choice for choice in self.choices)

    def names(self, done: int) -> set[str]:
        """Return the names of the children that have been written."""
        return {step.shape.name for step in self.steps if done & step.mark}


@cache
def group_plan(release: Release, shape: Shape, indent: str) -> Plan:
    """Return how any group goes into a shape."""
    return _plan(release, shape, indent, ((child.name, child) for child in shape.children))


@cache
def part_plan(
    release: Release, shape: Shape, indent: str, model: type[Teil]
) -> tuple[Plan, tuple[str, ...], tuple[str, ...]]:
    """Return how a model goes into a shape, the fields that have no child there, and those whose absence is stated.

    A shape with attributes of its own takes nothing straight from a model: there, every field is without a child.
    """
    by_name = {name: field for field, name in fields(model)}
    known = ((by_name[child.name], child) for child in shape.children if child.name in by_name)
    homeless = tuple(field for name, field in by_name.items() if shape.attributes or name not in shape.names)
    return _plan(release, shape, indent, known), homeless, tuple(model.TOLD)


def _plan(release: Release, shape: Shape, indent: str, children: Iterable[tuple[str, Shape]]) -> Plan:
    deeper = f"{indent}  "
    marks = {child.name: 1 << position for position, child in enumerate(shape.children)}
    return Plan(
        opening=f"{indent}{shape.opening}>\n",
        closing=f"{indent}{shape.closing}",
        deeper=deeper,
        steps=tuple(_step(release, key, child, marks[child.name], deeper) for key, child in children),
        needed=sum(marks[name] for name in shape.needed),
        choices=tuple(sum(marks[name] for name in choice) for choice in shape.choices),
    )


def _step(release: Release, key: str, shape: Shape, mark: int, indent: str) -> Step:
    head, tail, ready = f"{indent}{shape.opening}>", shape.closing, _ready(release, shape)
    inner = shape.carrier
    if shape.kind == "code":
        head, tail = f"{head}<code>", f"</code>{tail}"
    elif inner is not None and inner.easy and shape.needed in ((), (inner.name,)):
        head, tail, ready = f"{head}\n{indent}  {inner.opening}>", f"{inner.closing}{indent}{tail}", _EASY
    return Step(key, head, tail, ready, ready is _EASY or shape.kind == "uuid", shape, mark)


def _ready(release: Release, shape: Shape) -> Ready:
    if shape.easy:
        return _EASY
    if shape.kind == "code":
        known = shape.codes or held_codes(shape)
        return frozenset(code for code in known if escaped(code) == code).__contains__
    if shape.kind == "token":
        return _WORD.fullmatch
    pattern = patterns(release).get(shape.kind)
    return _NEVER if pattern is None else pattern.fullmatch
