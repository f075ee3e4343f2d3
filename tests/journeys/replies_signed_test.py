"""Replies in a return folder: who signs must sign, and nothing is read of what proves false."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from cryptography.x509 import Certificate
from typer.testing import CliRunner

from gateway.domain.delivery import State
from gateway.domain.reply import Proof, ReplyState
from gateway.edges.keys_issue import new_key, self_signed
from gateway.main import app
from gateway.seal.keys import fingerprint
from gateway.xbau.read import read_reply
from tests.kit.installation import WARENDORF, Installation, installation
from tests.kit.replying import (
    Answering,
    answer_to,
    hand_in,
    journal_of,
    kept,
    known_case,
    leave,
    leave_sealed,
    next_round,
    only_reply,
    register,
    signing_key,
    state_of,
)
from tests.kit.wrapping import WRAPPINGS

NUMBERS = count(1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("signed")) as made:
        yield made


@pytest.fixture
def told(place: Installation) -> Answering:
    return known_case(place, next(NUMBERS))


def test_the_rejection_reaches_the_authority_in_its_folder(place: Installation) -> None:
    reply = kept(place, hand_in(place, b"<faulty/>"))
    place.work()
    delivery, _ = answer_to(place, reply)
    assert delivery.state is State.AVAILABLE
    assert (place.inboxes[WARENDORF] / delivery.message_id / "envelope.xml").is_file()


def test_an_unsigned_reply_from_the_authoritys_own_folder_is_taken_and_marked(
    place: Installation, told: Answering
) -> None:
    leave(place, told.xml("1120"), name="plain")
    next_round(place)
    reply = only_reply(place)
    assert (reply.state, reply.proof, reply.via) == (ReplyState.MATCHED, Proof.UNSIGNED, "file_drop")


def refused(place: Installation, told: Answering, folder: Path, kennzahl: str) -> None:
    next_round(place)
    assert not folder.exists()
    reply = only_reply(place)
    assert (reply.state, reply.proof) == (ReplyState.REFUSED, Proof.NONE)
    _, octets = answer_to(place, reply)
    rejected = read_reply(octets).facts.rejected
    assert rejected is not None
    assert [ground.kennzahl for ground in rejected.grounds] == [kennzahl]
    assert journal_of(place, reply.id)[0] == "reply.refused"
    assert state_of(told)[0] is State.HANDED_OVER


def somebody_elses(place: Installation) -> Certificate:
    return self_signed(new_key(), "wrap", name="Fremd", at=place.clock.now())


def test_anothers_signature_is_answered_with_t002(place: Installation, told: Answering) -> None:
    register(place, signing_key(place))
    folder = leave_sealed(place, told.xml("1120"), signing_key(place, "Fremd"), name="foreign")
    refused(place, told, folder, "T002")


def test_a_certificate_that_was_taken_out_is_answered_with_t002(place: Installation, told: Answering) -> None:
    signer, next_one = signing_key(place), signing_key(place)
    register(place, signer)
    register(place, next_one)
    command = ["keys", "distrust", str(WARENDORF), fingerprint(signer.certificate), "--reason", "widerrufen"]
    assert CliRunner().invoke(app, ["--state", str(place.home / "state"), *command]).exit_code == 0
    refused(place, told, leave_sealed(place, told.xml("1120"), signer, name="revoked"), "T002")
    leave_sealed(place, told.xml("1120"), next_one, name="next")
    next_round(place)
    assert only_reply(place).state is ReplyState.MATCHED


def test_a_missing_signature_is_answered_with_t010(place: Installation, told: Answering) -> None:
    register(place, signing_key(place))
    refused(place, told, leave(place, told.xml("1120"), name="unsigned"), "T010")


def test_an_expired_certificate_is_answered_with_t000(place: Installation, told: Answering) -> None:
    signer = signing_key(place, days=40)
    register(place, signer)
    folder = leave_sealed(place, told.xml("1120"), signer, name="expired")
    place.clock.pass_by(days=11)
    refused(place, told, folder, "T000")


def test_a_certificate_that_does_not_count_yet_is_answered_with_t002(place: Installation, told: Answering) -> None:
    signer = signing_key(place, began=-3)
    with place.world.store.writing() as tx:  # entered by hand: the flow takes none before its day
        tx.certificates.add(WARENDORF, "sign", signer.certificate)
    at = place.clock.now()
    place.clock.pass_by(days=4)
    folder = leave_sealed(place, told.xml("1120"), signer, name="early")
    place.clock.at = at
    refused(place, told, folder, "T002")


@pytest.mark.parametrize("attack", WRAPPINGS)
def test_a_wrapped_signature_is_answered_with_t011(place: Installation, told: Answering, attack: str) -> None:
    signer = signing_key(place)
    register(place, signer)
    refused(place, told, leave_sealed(place, told.xml("1120"), signer, name="wrapped", forge=WRAPPINGS[attack]), "T011")


def test_a_changed_message_is_answered(place: Installation, told: Answering) -> None:
    signer = signing_key(place)
    register(place, signer)
    folder = leave_sealed(place, told.xml("1120"), signer, name="changed")
    part = folder / "part-0000.bin"
    octets = part.read_bytes()
    part.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
    refused(place, told, folder, "T020")


def test_an_envelope_wrapped_for_another_certificate_is_answered_with_t020(
    place: Installation, told: Answering
) -> None:
    signer = signing_key(place)
    register(place, signer)
    folder = leave_sealed(place, told.xml("1120"), signer, name="foreign-key", wrapped_for=somebody_elses(place))
    refused(place, told, folder, "T020")


def test_an_envelope_for_somebody_else_is_answered(place: Installation, told: Answering) -> None:
    signer = signing_key(place)
    register(place, signer)
    folder = leave_sealed(place, told.xml("1120"), signer, name="other", addressee="bap:999999999999")
    refused(place, told, folder, "T011")


def test_the_right_signature_is_taken(place: Installation, told: Answering) -> None:
    signer = signing_key(place)
    register(place, signer)
    leave_sealed(place, told.xml("1120"), signer, name="right")
    next_round(place)
    assert only_reply(place).proof is Proof.SIGNATURE
    assert state_of(told)[0] is State.CONFIRMED
