"""A composed building permit, read back, and what was said against it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import Fault, SubmissionError
from gateway.domain.message import Heading
from gateway.domain.procedure import Procedure
from gateway.xbau.compose import compose, faults_for, parse_antrag
from gateway.xbau.release import release
from tests.kit.xbau_samples import sample_antrag, sample_heading


def built(
    name: str, value: dict[str, Any] | None = None, heading: Heading | None = None, lossy: bool = False
) -> etree._Element:
    """Compose a building permit and read it back."""
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, value or sample_antrag(size="minimal"))
    return etree.fromstring(compose(antrag, heading or sample_heading(), release(name), lossy=lossy))


def find(root: etree._Element, path: str) -> list[Any]:
    """Find elements by local names: `a/b` anywhere below the root."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    found = root.xpath(f".//{steps}")
    assert isinstance(found, list)
    return found


def faults(name: str, value: dict[str, Any], heading: Heading | None = None) -> list[Fault]:
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, value)
    return faults_for(antrag, heading or sample_heading(), release(name))


def changed(change: Callable[[dict[str, Any]], object], size: str = "minimal") -> dict[str, Any]:
    value = copy.deepcopy(sample_antrag(size=size))
    change(value)
    return value


def refused(value: object, procedure: Procedure = Procedure.BUILDING_PERMIT) -> list[tuple[str, str]]:
    """Return what parsing refuses, as pairs of code and pointer."""
    with pytest.raises(SubmissionError) as caught:
        parse_antrag(procedure, value)
    assert caught.value.code is codes.FAULTS
    return [(fault.code.name, fault.pointer) for fault in caught.value.faults]
