"""Certificates, evidence bundles and replies: each forgery of the corpora and exactly its answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.domain.delivery import State
from gateway.domain.errors import GatewayError, SealError
from gateway.domain.message import Party
from gateway.domain.reply import ReplyState
from gateway.seal.evidence_check import check
from gateway.seal.evidence_zip import pack, unpack
from gateway.seal.trust import Trust
from gateway.xbau.read import read_reply
from tests.kit.corpus import corpus, octets
from tests.kit.evidence_made import made, rezipped
from tests.kit.installation import Installation, installation
from tests.kit.keys import AT, Ca, certificate, certificate_authority, gateway_trust, private_key
from tests.kit.replying import Answering, answer_to, hand_in, journal_of, kept, known_case, state_of
from tests.kit.xbau_replies import DOCUMENT_ID

CERTIFICATES = corpus("certificates")
BUNDLES = corpus("evidence")
REPLIES = corpus("replies")

ROOT = certificate_authority()
TRUST = Trust((ROOT.certificate,))
USES = {
    "server": ExtendedKeyUsageOID.SERVER_AUTH,
    "client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code": ExtendedKeyUsageOID.CODE_SIGNING,
}


def between(number: int, *usage: str, by: Ca = ROOT, **more: Any) -> Ca:
    key = private_key("ec", number)
    return Ca(
        key, certificate(key, f"Stelle {number}", *(usage or ("key_cert_sign",)), issuer=by, **({"ca": True} | more))
    )


def issuer_of(kind: str) -> tuple[Ca | None, list[x509.Certificate]]:
    """Return who issues, and the chain that is shown along."""
    if kind in ("root", "self"):
        return (ROOT if kind == "root" else None), []
    if kind == "stranger":
        stranger = certificate_authority("Fremde CA", 91)
        return stranger, [stranger.certificate]
    if kind == "double":
        key = private_key("ec", 92)
        double = Ca(key, certificate(key, "Prüf-CA", "key_cert_sign", ca=True))
        return double, [double.certificate]
    if kind == "too-deep":
        first = between(93, path_length=0)
        second = between(94, by=first)
        return second, [second.certificate, first.certificate]
    makes: dict[str, Any] = {
        "leaf": lambda: between(95, "digital_signature", ca=False),
        "no-ca-flag": lambda: between(96, ca=False),
        "no-cert-sign": lambda: between(97, "digital_signature"),
        "expired-ca": lambda: between(98, start=AT - timedelta(days=90), days=30),
    }
    one = makes[kind]()
    return one, [one.certificate]


def issued(recipe: dict[str, Any]) -> tuple[x509.Certificate, list[x509.Certificate]]:
    issuer, chain = issuer_of(recipe.get("issuer", "root"))
    extensions: tuple[x509.ExtensionType, ...] = ()
    if "eku" in recipe:
        extensions = (x509.ExtendedKeyUsage([USES[recipe["eku"]]]),)
    if "extension" in recipe:
        extensions = (x509.NameConstraints([x509.DNSName("example.org")], None),)
    made_one = certificate(
        private_key(recipe.get("key", "ec"), 30), "Bauaufsicht", *recipe["usage"], issuer=issuer,
        start=AT + timedelta(days=recipe.get("start", -30)), days=recipe.get("days", 365), ca=recipe.get("ca", False),
        hash_algorithm=hashes.SHA224() if recipe.get("hash") else None, extensions=extensions,
    )  # fmt: skip
    return made_one, chain


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_is_refused_for_exactly_what_is_wrong_with_it(name: str) -> None:
    recipe = CERTIFICATES[name]
    value, chain = issued(recipe)
    found: set[str] = set()
    try:
        TRUST.check_certificate(value, purpose=recipe["purpose"], at=AT, chain=chain)
    except SealError as error:
        found = {fault.code.name for fault in error.faults}
    assert found == set(recipe["answer"])


def bundle(recipe: dict[str, Any]) -> bytes:
    """Return a bundle as somebody has worked on it."""
    if "bytes" in recipe:
        return octets(recipe["bytes"])
    data = made().data
    added = {name: octets(text) for name, text in recipe.get("add", {}).items()}
    if "rezip" in recipe:
        data = rezipped(data, add=added, compressed=recipe.get("compressed", False))
    if "pack" in recipe:
        data = pack({name: text for name, text in unpack(data).items() if name not in recipe.get("drop", ())} | added)
    data = bytes.fromhex(recipe.get("prepend", "")) + data + bytes.fromhex(recipe.get("append", ""))
    return data * 2 if "twice" in recipe else data[: recipe["cut"]] if "cut" in recipe else data


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_that_was_worked_on_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(GatewayError) as caught:
        check(bundle(BUNDLES[name]), gateway_trust())
    assert BUNDLES[name]["answer"] in caught.value.reason
    assert caught.value.reason.endswith((".", "“."))


NUMBERS = count(1)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("replies")) as made_one:
        yield made_one


def message(known: Answering, recipe: dict[str, Any]) -> bytes:
    if "body" in recipe:
        return octets(recipe["body"])
    changes: dict[str, object] = {
        name: Party(recipe[name], "Anderswo") for name in ("sender", "addressee") if name in recipe
    }
    if "file_reference" in recipe:
        changes["file_reference"] = recipe["file_reference"]
    xml = known.xml(recipe["number"], **changes)
    for old, new in recipe.get("replace", ()):
        assert old.encode() in xml
        xml = xml.replace(old.encode(), new.encode())
    return xml


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_is_wrong_is_answered_with_its_kennzahl_and_changes_nothing(
    installed: Installation, name: str
) -> None:
    recipe, known = REPLIES[name], known_case(installed, next(NUMBERS))
    parts = ((DOCUMENT_ID, "Bescheid.pdf", octets(recipe["attachment"])),) if "attachment" in recipe else ()
    reply_id = hand_in(installed, message(known, recipe), parts=parts)
    reply = kept(installed, reply_id)
    assert (reply.state, reply.wrapped_key) == (ReplyState.REFUSED, None)
    _, answer = answer_to(installed, reply)
    rejected = read_reply(answer).facts.rejected
    assert rejected is not None
    assert [ground.kennzahl for ground in rejected.grounds][:1] == [recipe["answer"]]
    assert journal_of(installed, reply_id)[0] == "reply.refused"
    assert state_of(known)[0] is State.HANDED_OVER


@pytest.mark.parametrize("name", REPLIES)
def test_a_wrong_reply_that_is_replayed_is_answered_once(installed: Installation, name: str) -> None:
    recipe, known = REPLIES[name], known_case(installed, next(NUMBERS))
    parts = ((DOCUMENT_ID, "Bescheid.pdf", octets(recipe["attachment"])),) if "attachment" in recipe else ()
    sent, identity = message(known, recipe), str(uuid4())
    first = hand_in(installed, sent, parts=parts, message_id=identity)
    assert hand_in(installed, sent, parts=parts, message_id=identity) == first
    assert hand_in(installed, sent + b" ", parts=parts, message_id=identity) == first
    assert state_of(known)[0] is State.HANDED_OVER
