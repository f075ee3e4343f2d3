"""XML at every door that reads it: hostile documents, and signatures that were moved around."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.xta_wire import soap
from adapters.xta_wire.faults import SoapFault, XtaFault
from gateway.domain import codes
from gateway.domain.errors import GatewayError, SealError, SubmissionError
from gateway.seal.envelope import open_envelope
from gateway.seal.index import read_index
from gateway.seal.manifest import read_manifest
from gateway.seal.sign import verify
from gateway.xbau.read import read_reply
from gateway.xmlguard import safe_parse
from tests.kit.corpus import corpus, octets
from tests.kit.envelopes import make_envelope
from tests.kit.keys import AT, authority_entry, gateway_trust
from tests.kit.wrapping import WRAPPINGS

DOCUMENTS = corpus("xml")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_gets_its_answer_at_the_guard_and_is_refused_at_every_door(name: str) -> None:
    attack = DOCUMENTS[name]
    data = octets(attack["xml"])
    with pytest.raises(SubmissionError) as caught:
        safe_parse(data)
    assert caught.value.code.name == attack["answer"]
    assert len(caught.value.reason) < 300
    for door in (read_index, read_manifest, read_reply, lambda octets: verify(octets, gateway_trust(), AT)):
        with pytest.raises((GatewayError, ValueError)):
            door(data)
    with pytest.raises((XtaFault, SoapFault)):
        soap.read(data)


@pytest.mark.parametrize("attack", WRAPPINGS)
def test_an_envelope_with_a_wrapped_signature_is_not_opened(tmp_path: Path, attack: str) -> None:
    made = make_envelope(tmp_path / "envelope", forge=WRAPPINGS[attack])
    with pytest.raises(SealError) as caught:
        open_envelope(made.folder, [authority_entry()], gateway_trust(), AT, target=tmp_path / "out")
    assert caught.value.code is codes.SIGNATURE_INVALID
    assert not (tmp_path / "out").exists()


def test_there_are_more_than_nine_kinds_of_wrapping() -> None:
    assert len(WRAPPINGS) >= 9
