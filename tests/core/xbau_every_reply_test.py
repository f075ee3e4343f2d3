"""Every message that an authority may send a portal, in every release that has it: valid officially, read by us."""

from __future__ import annotations

import pytest
from lxml import etree

from gateway.xbau.check import check
from gateway.xbau.official import official_schema
from gateway.xbau.read import read_reply
from gateway.xbau.release import RELEASES
from tests.kit.xbau_least import inward, least_reply
from tests.kit.xbau_replies import FILE_REFERENCE, OFFICIAL, REFERENCE, official_only

PROCESS = {"1100", "1120", "1121", "1131", "1140", "1141"}
SINCE = {"1142": "2.3.1", "1150": "2.3.1", "1160": "2.4", "1170": "2.5", "1180": "2.6", "1181": "2.6"}
PERMITS = {"0201", "0203", "0205", "0211", "0213", "0215", "0221", "0223", "0225", "0231", "0233", "0235"}
NOTICES = {"0601", "0602", "0603", "0901", "0911", "0921", "0922", "0953", "0955"}


@official_only
@pytest.mark.parametrize("name", RELEASES)
def test_every_message_an_authority_may_send_is_taken_if_the_official_schema_takes_it(name: str) -> None:
    official = official_schema(OFFICIAL, name)
    for number in inward(name):
        data = least_reply(number, name)
        assert official.validate(etree.fromstring(data)), f"{number}: {official.error_log}"
        report = check(data, official=OFFICIAL)
        assert report.ok, f"{number}: {report.findings}"
        reply = read_reply(data)
        assert (reply.number, reply.release) == (number, name)
        if number != "1100":
            assert (reply.reference, reply.file_reference) == (REFERENCE, FILE_REFERENCE), number


@official_only
@pytest.mark.parametrize("name", RELEASES)
def test_nothing_that_a_release_has_for_portals_is_forgotten(name: str) -> None:
    order = list(RELEASES)
    newer = {number for number, since in SINCE.items() if order.index(name) >= order.index(since)}
    assert PROCESS | PERMITS | NOTICES | newer <= set(inward(name))
    assert not (SINCE.keys() - newer) & set(inward(name))
