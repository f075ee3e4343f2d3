"""Generated submissions composed in every release, each message held against our schema and the official one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import CompositionError, Fault
from gateway.domain.message import Heading
from gateway.domain.procedure import Procedure
from gateway.xbau.antrag import Antrag
from gateway.xbau.compose import compose, losses, parse_antrag
from gateway.xbau.release import RELEASES, Release
from gateway.xbau.schema import messages
from tests.kit.xbau_official import FOLDER, official
from tests.kit.xbau_random import random_antrag
from tests.kit.xbau_samples import sample_heading

REFUSALS = frozenset({codes.NOT_EXPRESSIBLE, codes.FIELD_MISSING, codes.CHARACTERS})
"""Why a release may refuse a well-formed submission; that our schema does not hold would be no reason."""

EMPTY = etree.XPath("//*[not(*) and not(normalize-space())]")
"""Leaves without content, which XBau forbids beyond its schemas."""

WHOLE, LOSSY, REFUSED = "whole", "lossy", "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of a submission in a release: said whole, said with named losses, or refused with its places."""

    release: str
    how: str


def tried(procedure: Procedure, seed: int, *, thorough: bool = True) -> Iterator[Outcome]:
    """Yield what becomes of the submission of a seed in each release that has the procedure.

    Unless `thorough`, what lacks something or has a strange character is not tried once more with losses.

    Raises:
        AssertionError: a message is not valid, or a refusal does not say where and why.
    """
    value = random_antrag(procedure, seed)
    antrag = parse_antrag(procedure, value)
    for release in RELEASES.values():
        if procedure.number in messages(release):
            heading = sample_heading(2, by_post=0 if release.name == "2.2" else 1)
            yield Outcome(release.name, _outcome(antrag, value, heading, release, thorough))


def _outcome(antrag: Antrag, value: dict[str, Any], heading: Heading, release: Release, thorough: bool) -> str:
    faults = _composed(antrag, heading, release, lossy=False)
    if not faults:
        return WHOLE
    check_refusal(faults, value)
    if not thorough and any(fault.code is not codes.NOT_EXPRESSIBLE for fault in faults):
        return REFUSED
    if _composed(antrag, heading, release, lossy=True):
        return REFUSED
    assert losses(antrag, heading, release) == faults
    return LOSSY


def _composed(antrag: Antrag, heading: Heading, release: Release, *, lossy: bool) -> list[Fault]:
    """Return why the release refuses, after checking what it does not refuse; the composer checks our own schema."""
    try:
        data = compose(antrag, heading, release, lossy=lossy)
    except CompositionError as refusal:
        if refusal.code is not codes.NOT_EXPRESSIBLE:
            raise AssertionError(f"composed, but not valid for us: {refusal.faults}") from refusal
        return list(refusal.faults)
    document = etree.fromstring(data)
    if FOLDER.is_dir():
        schema = official(release.name)
        assert schema.validate(document), schema.error_log
    assert not EMPTY(document)
    return []


def check_refusal(faults: list[Fault], value: dict[str, Any]) -> None:
    """Assert that every fault has a reason that may be, a sentence, and a pointer that leads somewhere."""
    for fault in faults:
        assert fault.code in REFUSALS, fault
        assert fault.detail.endswith("."), fault
        if not fault.pointer.startswith("/attachments"):
            _resolve(value, fault.pointer)


def _resolve(value: Any, pointer: str) -> None:
    """Walk a JSON pointer to what it names, or to the place where that would be."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[2:]]
    for position, step in enumerate(steps):
        if isinstance(value, list):
            value = value[int(step)]
        elif step in value:
            value = value[step]
        else:
            assert position == len(steps) - 1, f"{pointer} leads nowhere"
