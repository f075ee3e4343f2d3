"""Composing and validating a realistic 0200 in every release, against lxml building the same tree by hand.

`python -m bench.compose` prints per release the median milliseconds of CPU time of both and their ratio. The floor
knows every element, attribute and text beforehand, builds them with `SubElement`, validates that tree with the same
schema and serialises it once; ours starts from the submission, checks every value, and validates the very bytes that
will be sent. At most 1.5 ms are promised. Beside it: reading the `antrag` and looking for faults, as is done when a
submission is announced.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.domain.message import Heading
from gateway.domain.procedure import Procedure
from gateway.xbau.antrag import Antrag
from gateway.xbau.compose import compose, faults_for, parse_antrag
from gateway.xbau.release import RELEASES, Release
from gateway.xbau.schema import validator
from tests.kit.xbau_samples import sample_antrag, sample_heading

ROUNDS = 400
WARM_UP = 30
PROMISED = 1.5
LOSSY = frozenset({"2.2"})
"""Releases that have no place for all of the sample."""

Node = tuple[str, dict[str, str], str | None, tuple["Node", ...]]


@dataclass(frozen=True)
class Result:
    """Median milliseconds of CPU time per message, and its size."""

    release: str
    ours: float
    floor: float
    faults: float
    elements: int
    octets: int

    @property
    def ratio(self) -> float:
        return self.ours / self.floor


def main() -> None:
    value, heading = sample_antrag(), sample_heading()
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, value)
    results = [measured(antrag, heading, release) for release in RELEASES.values()]
    (reading,) = medians(lambda: parse_antrag(Procedure.BUILDING_PERMIT, value))
    if "--json" in sys.argv:
        rows = [{**vars(result), "ratio": round(result.ratio, 2)} for result in results]
        print(json.dumps({"parse_antrag": reading, "releases": rows}))
        return
    print(f"{'release':<9}{'elements':>9}{'bytes':>8}{'ours ms':>9}{'floor ms':>10}{'ratio':>7}{'faults ms':>11}")
    for one in results:
        sizes = f"{one.release:<9}{one.elements:>9}{one.octets:>8}"
        print(f"{sizes}{one.ours:>9.2f}{one.floor:>10.2f}{one.ratio:>7.2f}{one.faults:>11.2f}")
    slowest = max(result.ours for result in results)
    print(f"slowest {slowest:.2f} ms (promised: {PROMISED} ms); parse_antrag {reading:.2f} ms")


def measured(antrag: Antrag, heading: Heading, release: Release) -> Result:
    """Return the medians of one release, ours and the floor taken in turns."""
    lossy = release.name in LOSSY
    data = compose(antrag, heading, release, lossy=lossy)
    root = etree.fromstring(data)
    program, names, schema = recorded(root), dict(root.nsmap), validator(release, antrag.number)
    assert schema.validate(etree.fromstring(by_hand(program, names, schema))), "the floor builds the same message"
    ours, floor, faults = medians(
        lambda: compose(antrag, heading, release, lossy=lossy),
        lambda: by_hand(program, names, schema),
        lambda: faults_for(antrag, heading, release, lossy=lossy),
    )
    return Result(release.name, ours, floor, faults, sum(1 for _ in root.iter()), len(data))


def recorded(element: etree._Element) -> Node:
    """Return an element as plain values to build it from."""
    text = element.text if len(element) == 0 else None
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    return str(element.tag), attributes, text, tuple(recorded(child) for child in element)


def by_hand(program: Node, names: dict[Any, str], schema: etree.XMLSchema) -> bytes:
    """Build the tree with lxml, validate it and return its bytes."""
    tag, attributes, _, children = program
    root = etree.Element(tag, attributes, nsmap=names)
    for child in children:
        append(root, child)
    assert schema.validate(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def append(parent: etree._Element, node: Node) -> None:
    """Build one node below its parent."""
    tag, attributes, text, children = node
    element = etree.SubElement(parent, tag, attributes)
    element.text = text
    for child in children:
        append(element, child)


def medians(*works: Callable[[], object]) -> tuple[float, ...]:
    """Return the median milliseconds of CPU time of each piece of work, run in turns."""
    taken: list[list[int]] = [[] for _ in works]
    for number in range(WARM_UP + ROUNDS):
        for work, times in zip(works, taken, strict=True):
            begun = time.process_time_ns()
            work()
            if number >= WARM_UP:
                times.append(time.process_time_ns() - begun)
    return tuple(statistics.median(times) / 1e6 for times in taken)


if __name__ == "__main__":
    main()
