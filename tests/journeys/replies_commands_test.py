"""The command line on the way back: operators clear the quarantine, an authority answers without own software."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

from gateway.domain.delivery import State
from gateway.domain.reply import Proof, ReplyState
from gateway.edges.keyring import FolderKeyring
from gateway.main import app
from tests.journeys.chain_test import hand_off, open_by_tool
from tests.kit.installation import WARENDORF, Installation, installation, overview_pdf, portal
from tests.kit.portal_ear import believed, listening
from tests.kit.replying import (
    answering,
    hand_in,
    kept,
    known_case,
    next_round,
    only_reply,
    register,
    signing_key,
    state_of,
)
from tests.kit.xbau_replies import OFFICIAL, official_only

NUMBERS = count(1)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, allow_hosts=("localhost",)) as made:
        yield made


def run(installed: Installation, *arguments: str) -> Result:
    environment = {"BAUWEICHE_ALLOW_HOSTS": '["localhost"]'}
    return CliRunner().invoke(app, ["--state", str(installed.settings.state), *arguments], env=environment)


def lost(installed: Installation) -> str:
    """Hand in a receipt that names nothing; returns its id."""
    return hand_in(installed, known_case(installed, next(NUMBERS)).xml("1120", reference=uuid4(), about=None))


def test_an_operator_lists_shows_and_assigns_with_a_reason(installed: Installation) -> None:
    known = known_case(installed, next(NUMBERS))
    reply_id = lost(installed)
    (row,) = json.loads(run(installed, "replies", "list", "--json").stdout)
    assert (row["id"], row["number"], row["authority"]) == (reply_id, "1120", WARENDORF)
    assert reply_id in run(installed, "replies", "list").stdout
    shown = run(installed, "replies", "show", reply_id).stdout
    assert known.case.number in shown
    assert run(installed, "replies", "show", reply_id, "--message").stdout.startswith("<?xml")
    assert run(installed, "replies", "assign", reply_id, known.case.number).exit_code == 2
    done = run(installed, "replies", "assign", reply_id, known.case.number.lower(), "--reason", "Anruf")
    assert done.exit_code == 0, done.output
    assert state_of(known)[0] is State.CONFIRMED
    assert kept(installed, reply_id).matched_by == "operator"
    again = run(installed, "replies", "assign", reply_id, known.case.number, "--reason", "Anruf")
    assert again.exit_code == 1


def test_an_operator_discards_only_what_is_in_quarantine(installed: Installation) -> None:
    reply_id = lost(installed)
    assert run(installed, "replies", "discard", reply_id, "--reason", "Irrläufer").exit_code == 0
    assert kept(installed, reply_id).state is ReplyState.DISCARDED
    assert run(installed, "replies", "discard", reply_id, "--reason", "Irrläufer").exit_code == 1
    assert run(installed, "replies", "discard", "nobody", "--reason", "x").exit_code == 3
    assert run(installed, "replies", "list").stdout == ""


def test_a_faulty_reply_cannot_be_assigned(installed: Installation) -> None:
    known = known_case(installed, next(NUMBERS))
    reply_id = hand_in(installed, known.xml("1100").replace(b"rueckweisungDaten", b"daten"))
    assert kept(installed, reply_id).state is ReplyState.QUARANTINED
    done = run(installed, "replies", "assign", reply_id, known.case.number, "--reason", "x")
    assert done.exit_code == 1
    assert kept(installed, reply_id).state is ReplyState.QUARANTINED


def test_webhooks_are_added_listed_and_removed(installed: Installation) -> None:
    refused = run(installed, "webhook", "add", "portal", "https://evil.example/x")
    assert refused.exit_code == 1
    added = run(installed, "webhook", "add", "portal", "https://localhost:8443/x")
    assert added.exit_code == 0, added.output
    assert added.stdout.startswith("whsec_")
    (row,) = json.loads(run(installed, "webhook", "list", "--json").stdout)
    assert (row["client"], row["disabled"]) == ("portal", False)
    assert run(installed, "webhook", "replay", row["id"], "--since", "2026-01-01").stdout == "0\n"
    assert run(installed, "webhook", "remove", row["id"]).exit_code == 0
    assert run(installed, "webhook", "remove", row["id"]).exit_code == 3


def test_a_portal_whose_server_has_a_certificate_of_its_own_house_is_believed_once_that_is_trusted(
    installed: Installation,
) -> None:
    keyring = installed.world.keyring
    assert isinstance(keyring, FolderKeyring)
    tls_file = keyring.tls_file(installed.clock.now())
    with listening(tls_file) as ear:
        added = run(installed, "webhook", "add", "portal", ear.url)
        hand_in(installed, known_case(installed, 77).xml("1120"))
        installed.work()
        assert ear.heard == []
        trusted = run(installed, "webhook", "trust", str(tls_file))
        assert (trusted.exit_code, len(trusted.stdout.split())) == (0, 1)
        installed.clock.pass_by(minutes=1)
        installed.work()
        assert ear.heard
        assert all(believed(added.stdout.strip(), *told) for told in ear.heard)


async def test_an_authority_answers_an_opened_message_signed_and_sealed(installed: Installation) -> None:
    case, opened = await opened_application(installed)
    home = installed.home
    signer = signing_key(installed)
    register(installed, signer)
    key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (home / "sign.pem").write_bytes(key + signer.certificate.public_bytes(Encoding.PEM))
    wrapping = installed.world.keyring.wrapping_certificate(installed.clock.now())
    (home / "wrap.pem").write_bytes(wrapping.public_bytes(Encoding.PEM))
    to = installed.inboxes[WARENDORF] / "rueckweg"
    arguments = ["reply", str(opened), "--number", "1121", "--to", str(to), "--file-reference", "63/42"]
    done = run(installed, *arguments, "--key", str(home / "sign.pem"), "--gateway", str(home / "wrap.pem"))
    assert done.exit_code == 0, done.output
    assert "63/42" not in "".join(path.read_text("latin-1") for path in Path(done.stdout.strip()).iterdir())
    next_round(installed)
    assert only_reply(installed).proof is Proof.SIGNATURE
    assert state_of(answering(installed, case))[0] is State.HANDED_OVER
    with installed.world.store.reading() as tx:
        stored = tx.cases.get(case)
    assert stored is not None
    assert stored.file_reference == "63/42"


async def test_an_authority_answers_plainly_where_it_has_no_signing_key(installed: Installation) -> None:
    case, opened = await opened_application(installed)
    to = installed.inboxes[WARENDORF] / "rueckweg"
    arguments = ["reply", str(opened), "--to", str(to), "--text", "Wir haben Ihren Antrag."]
    assert run(installed, *arguments, "--number", "1120").exit_code == 0
    next_round(installed)
    assert state_of(answering(installed, case))[0] is State.CONFIRMED
    assert run(installed, *arguments, "--number", "0205").exit_code == 1
    half = run(installed, *arguments, "--number", "1120", "--key", str(opened / "xbau.xml"))
    assert half.exit_code == 2


async def opened_application(installed: Installation) -> tuple[str, Path]:
    """Deliver an application and open it with the authority's tool."""
    async with portal(installed) as client:
        case = await hand_off(client, overview_pdf())
    installed.work()
    folder = installed.inboxes[WARENDORF] / str(case["message_id"])
    report = open_by_tool(installed, folder.rename(installed.home / "taken"))
    return str(case["id"]), Path(str(report["folder"]))


@official_only
def test_with_the_official_schemas_a_reply_must_keep_to_them(installed: Installation) -> None:
    installed.world = replace(installed.world, official_schemas=OFFICIAL)
    known = known_case(installed, next(NUMBERS))
    assert kept(installed, hand_in(installed, known.xml("1120"))).state is ReplyState.MATCHED
    odd = (
        known.xml("1120").replace(b"<information>", b"<informationen>").replace(b"</information>", b"</informationen>")
    )
    reply = kept(installed, hand_in(installed, odd))
    assert (reply.state, reply.code) == (ReplyState.REFUSED, "xbau-schema-invalid")


def test_a_folder_that_cannot_be_looked_at_is_asked_ever_more_seldom_and_keeps_nobody(installed: Installation) -> None:
    inbox = installed.inboxes[WARENDORF]
    inbox.rename(inbox.with_name("away"))
    for _ in range(3):
        installed.clock.pass_by(hours=2)
        installed.work()
    with installed.world.store.reading() as tx:
        (entry,) = tx.replies.rounds()
    assert entry.failures == 3
    assert entry.next_at > installed.clock.now() + timedelta(seconds=30)
    assert entry.reason
    inbox.with_name("away").rename(inbox)
    next_round(installed)
    next_round(installed)
    with installed.world.store.reading() as tx:
        assert tx.replies.rounds()[0].failures == 0
