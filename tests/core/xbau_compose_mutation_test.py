"""Our schemas are strict subsets: a damaged message that the official set rejects, ours rejects too."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from lxml import etree

from gateway.domain.procedure import Procedure
from gateway.xbau.compose import compose, faults_for, parse_antrag
from gateway.xbau.release import RELEASES, Release
from gateway.xbau.schema import messages, validator
from tests.kit.xbau_official import needs_official, official
from tests.kit.xbau_random import random_antrag
from tests.kit.xbau_samples import sample_heading

GOLDEN = Path(__file__).parent / "golden"
EACH = 25
"""Damaged elements per message, drawn with a fixed seed."""

GENERATED = 40
"""Generated submissions per procedure and release whose messages are damaged too."""

Undo = Callable[[], None]


def rename(element: etree._Element) -> Undo:
    """Give an element a name that nobody knows."""
    tag = element.tag
    element.tag = f"{tag}X"

    def undo() -> None:
        element.tag = tag

    return undo


def move_namespace(element: etree._Element) -> Undo:
    """Take an element's namespace away, or give it that of the root."""
    tag = element.tag
    name = etree.QName(element)
    root = etree.QName(element.getroottree().getroot())
    element.tag = name.localname if name.namespace else f"{{{root.namespace}}}{name.localname}"

    def undo() -> None:
        element.tag = tag

    return undo


def move_back(element: etree._Element) -> Undo | None:
    """Swap an element with the next one of another name."""
    parent, following = element.getparent(), element.getnext()
    if parent is None or following is None or following.tag == element.tag:
        return None
    place = parent.index(element)
    parent.insert(place, following)

    def undo() -> None:
        parent.insert(place, element)

    return undo


def move_away(element: etree._Element) -> Undo | None:
    """Move an element out of its parent to the end of the message."""
    parent, root = element.getparent(), element.getroottree().getroot()
    if parent is None or parent is root:
        return None
    place = parent.index(element)
    root.append(element)

    def undo() -> None:
        parent.insert(place, element)

    return undo


def empty(element: etree._Element) -> Undo | None:
    """Take the value of a leaf away."""
    if len(element):
        return None
    text = element.text
    element.text = None

    def undo() -> None:
        element.text = text

    return undo


def remove(element: etree._Element) -> Undo | None:
    """Take an element out."""
    parent = element.getparent()
    if parent is None:
        return None
    place = parent.index(element)
    parent.remove(element)

    def undo() -> None:
        parent.insert(place, element)

    return undo


def spoil_list(element: etree._Element) -> Undo | None:
    """Name another version of the code list."""
    version = element.get("listVersionID")
    if version is None:
        return None
    element.set("listVersionID", "0.0")

    def undo() -> None:
        element.set("listVersionID", version)

    return undo


def spoil_value(element: etree._Element) -> Undo | None:
    """Put a value in that no field of its kind may have."""
    if len(element) or not element.text:
        return None
    text = element.text
    element.text = "\U0001f3e0 \u0416"

    def undo() -> None:
        element.text = text

    return undo


ALWAYS_WRONG = (rename, move_namespace, empty)
SOMETIMES_WRONG = (move_back, move_away, remove, spoil_list, spoil_value)


def golden(release: Release, number: str) -> etree._Element:
    return etree.parse(str(GOLDEN / release.name / f"{number}.xml")).getroot()


def drawn(root: etree._Element, most: int = EACH) -> list[etree._Element]:
    """Return some elements of a message, the same ones every time."""
    below = list(root.iterdescendants())
    return random.Random(root.tag).sample(below, min(most, len(below)))


def agree(ours: etree.XMLSchema, theirs: etree.XMLSchema, elements: Iterable[etree._Element]) -> None:
    """Assert that ours lets no damage pass that the official schema rejects."""
    for element in elements:
        for damage in (*ALWAYS_WRONG, *SOMETIMES_WRONG):
            undo = damage(element)
            if undo is None:
                continue
            document = element.getroottree()
            if ours.validate(document):
                assert theirs.validate(document), f"{damage.__name__} of {element.tag}: {theirs.error_log}"
            undo()


CASES = [
    pytest.param(release, number, id=f"{release.name}-{number}")
    for release in RELEASES.values()
    for number in messages(release)
]


@pytest.mark.parametrize(("release", "number"), CASES)
def test_a_renamed_renamespaced_or_emptied_element_is_rejected(release: Release, number: str) -> None:
    schema = validator(release, number)
    for element in drawn(golden(release, number)):
        for damage in ALWAYS_WRONG:
            undo = damage(element)
            if undo is not None:
                assert not schema.validate(element.getroottree()), f"{damage.__name__} of {element.tag}"
                undo()
        assert schema.validate(element.getroottree()), "the damage was undone"


@needs_official
@pytest.mark.parametrize(("release", "number"), CASES)
def test_what_the_official_schema_rejects_ours_rejects(release: Release, number: str) -> None:
    agree(validator(release, number), official(release.name), drawn(golden(release, number)))


@needs_official
@pytest.mark.long
@pytest.mark.parametrize("release", RELEASES.values(), ids=lambda release: release.name)
def test_what_the_official_schema_rejects_anywhere_ours_rejects(release: Release) -> None:
    """Every element of the golden files, and some of generated messages, where everything optional turns up."""
    theirs = official(release.name)
    for number in messages(release):
        agree(validator(release, number), theirs, drawn(golden(release, number), 10_000))
    for procedure in Procedure:
        if procedure.number not in messages(release):
            continue
        heading = sample_heading(2, by_post=0 if release.name == "2.2" else 1)
        for seed in range(GENERATED):
            antrag = parse_antrag(procedure, random_antrag(procedure, seed))
            if not faults_for(antrag, heading, release, lossy=True):
                root = etree.fromstring(compose(antrag, heading, release, lossy=True))
                agree(validator(release, procedure.number), theirs, drawn(root))
