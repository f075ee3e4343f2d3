"""SFTP on its own: who is trusted, what a server may lack, and what happens when it stops answering."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest
from pydantic import ValidationError

from adapters.folder.adapter import FolderAdapter
from adapters.sftp import Settings, build
from gateway.adapter import Link, Outcome, Returned, Unconfirmed, Unreachable, Unusable
from gateway.adapter_contract import Ledger, SampleLink, again, sample_envelope
from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, SubmissionError
from tests.kit.sftp_server import Faults, SftpSide

MESSAGE = sample_envelope(sizes=(10, 3_000))


@pytest.fixture
def side(tmp_path: Path) -> Iterator[SftpSide]:
    with SftpSide(tmp_path / "server", tmp_path / "geholt").running() as running:
        yield running


def _adapter(side: SftpSide, link: Link | None = None, **settings: object) -> FolderAdapter:
    return build(side.settings(**settings), link or side.link())


def _fails(adapter: FolderAdapter) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        adapter.deliver(MESSAGE)
    return caught.value


# trust


def test_the_fingerprint_is_as_good_as_the_key(side: SftpSide) -> None:
    adapter = _adapter(side, host_key=side.host_key.get_fingerprint("sha256"))
    assert adapter.deliver(MESSAGE).outcome is Outcome.AVAILABLE


def test_another_host_key_is_told_and_nothing_is_sent(side: SftpSide) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    error = _fails(_adapter(side, host_key=other.export_public_key().decode()))
    assert "anderen Hostschlüssel" in error.reason
    assert list(side.side.folder.iterdir()) == []


def test_a_key_of_another_kind_than_the_pinned_one_is_not_even_negotiated(side: SftpSide) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    adapter = _adapter(side, host_key=other.export_public_key().decode())
    reasons = [_fails(adapter).reason]
    while "gestört" in reasons[-1] and len(reasons) < 10:  # the server's reset may overtake its reason
        reasons.append(_fails(adapter).reason)
    assert "kein Verfahren" in reasons[-1]
    assert list(side.side.folder.iterdir()) == []


def test_two_host_keys_overlap_while_the_server_changes(side: SftpSide) -> None:
    old = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    new = side.host_key.export_public_key().decode()
    assert _adapter(side, host_key=old, next_host_key=new).deliver(MESSAGE).outcome is Outcome.AVAILABLE


def test_a_key_the_server_does_not_know_is_told_and_no_password_is_tried(side: SftpSide) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_private_key()
    error = _fails(_adapter(side, SampleLink(secrets={"sftp-key": stranger})))
    assert "nicht herein" in error.reason  # the server raises if it is ever sent a password


@pytest.mark.parametrize(
    "weak",
    [
        {"kex_algs": ["diffie-hellman-group14-sha1"]},
        {"encryption_algs": ["aes128-cbc", "3des-cbc"]},
        {"mac_algs": ["hmac-sha1"], "encryption_algs": ["aes256-ctr"]},
    ],
)
def test_old_algorithms_are_refused(weak: dict[str, list[str]], side: SftpSide) -> None:
    side.options = dict(weak)
    side.restart()
    # a server that hangs up at once may tear down the connection before its offer has been read: then it is tried again
    reasons = [_fails(_adapter(side)).reason for _ in range(6)]
    assert any("kein Verfahren" in reason for reason in reasons)


def test_the_address_goes_through_the_gateways_guard(side: SftpSide) -> None:
    class Forbidding(SampleLink):
        def allow_host(self, host: str, port: int) -> str:
            raise SubmissionError(codes.ADDRESS_FORBIDDEN, f"{host}:{port} ist nicht freigegeben.")

    with pytest.raises(SubmissionError, match=r"sftp\.bauamt\.example"):
        _adapter(side, Forbidding(secrets=side.link().secrets)).deliver(MESSAGE)


@pytest.mark.parametrize("kind", ["encrypted", "rubbish", "weak"])
def test_a_key_of_ours_that_cannot_be_used_is_a_matter_of_the_installation(kind: str, side: SftpSide) -> None:
    data = {
        "encrypted": side.client_key.export_private_key("pkcs8-pem", passphrase="x"),
        "rubbish": b"no key",
        "weak": asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_private_key(),
    }[kind]
    with pytest.raises(ConfigurationError):
        _adapter(side, SampleLink(secrets={"sftp-key": data})).deliver(MESSAGE)


@pytest.mark.parametrize(
    "host_key", ["", "SHA256:short", "SHA256:" + "ü" * 43, "ssh-ed25519 AAAA", "ssh-dss AAAA", "MD5:00:11"]
)
def test_a_host_key_that_is_none_is_refused_by_the_settings(host_key: str) -> None:
    with pytest.raises(ValidationError):
        Settings(host="h", user="u", key="k", host_key=host_key, folder="/in")


def test_a_weak_host_key_is_refused_by_the_settings() -> None:
    weak = asyncssh.generate_private_key("ssh-rsa", key_size=2048).export_public_key().decode()
    with pytest.raises(ValidationError, match="zu schwach"):
        Settings(host="h", user="u", key="k", host_key=weak, folder="/in")


@pytest.mark.parametrize("host", ["sftp://host", "host:22", "-oProxyCommand=x", "a b", "host/..", "[::1]"])
def test_a_host_is_only_a_name(host: str) -> None:
    with pytest.raises(ValidationError):
        Settings(host=host, user="u", key="k", host_key="SHA256:" + "A" * 43, folder="/in")


def test_every_setting_explains_itself_in_german() -> None:
    for name, field in Settings.model_fields.items():
        assert field.title, name
        assert field.description, name


# the server


def test_a_server_without_extensions_does_as_well(side: SftpSide) -> None:
    side.faults = Faults(no_extensions=True)
    adapter = _adapter(side)
    assert adapter.deliver(MESSAGE).outcome is Outcome.AVAILABLE
    assert adapter.deliver(again(MESSAGE, Ledger())).outcome is Outcome.AVAILABLE
    assert adapter.recall(MESSAGE.message_id, {})
    assert len(side.stored()) == 0


def test_a_server_that_does_not_answer_the_rename_leaves_it_unconfirmed(side: SftpSide) -> None:
    adapter = _adapter(side, patience=0.4)
    side.faults = Faults(hang=True)
    with pytest.raises(Unconfirmed, match="antwortet nicht"):
        adapter.deliver(MESSAGE)
    assert _adapter(side).deliver(again(MESSAGE, Ledger())).outcome is Outcome.AVAILABLE
    assert len(side.stored()) == 1


def test_a_listener_that_says_nothing_is_unreachable_in_time(side: SftpSide) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        adapter = _adapter(side, port=silent.getsockname()[1], patience=0.3)
        assert "antwortet nicht" in _fails(adapter).reason


def test_a_listener_that_speaks_something_else_is_unreachable(side: SftpSide) -> None:
    with socket.create_server(("127.0.0.1", 0)) as web:

        def answer() -> None:
            connection, _ = web.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100)

        thread = threading.Thread(target=answer)
        thread.start()
        assert _fails(_adapter(side, port=web.getsockname()[1], patience=2)).reason
        thread.join()


def test_a_missing_folder_and_a_file_in_its_place_are_told(side: SftpSide) -> None:
    assert "fehlt" in _fails(_adapter(side, folder="/anderswo")).reason
    (side.root / "datei").write_text("")
    assert "kein Ordner" in _fails(_adapter(side, folder="/datei")).reason


def test_a_link_in_the_place_of_the_way_back_or_of_a_reply_is_not_followed(side: SftpSide) -> None:
    elsewhere = side.root / "woanders"
    (elsewhere / "antwort").mkdir(parents=True)
    (elsewhere / "antwort" / "message.xml").write_text("<x/>")
    (side.side.folder / "rueckweg").symlink_to(elsewhere)
    with pytest.raises(Unreachable):
        list(_adapter(side).collect())
    (side.side.folder / "rueckweg").unlink()
    (side.side.folder / "rueckweg").mkdir()
    (side.side.folder / "rueckweg" / "antwort").symlink_to(elsewhere / "antwort")
    (found,) = _adapter(side).collect()
    assert isinstance(found, Unusable)


def test_replies_come_over_sftp_and_can_be_read_after_the_look(side: SftpSide) -> None:
    reply = side.side.folder / "rueckweg" / "antwort-7"
    reply.mkdir(parents=True)
    (reply / "message.xml").write_bytes(b"<x/>")
    (reply / "plan.pdf").write_bytes(b"P" * 300_000)
    adapter = _adapter(side)
    during = next(adapter.collect())
    assert isinstance(during, Returned)
    with during.attachments["plan.pdf"]() as plan:
        assert plan.read() == b"P" * 300_000
    (later,) = adapter.collect()
    assert isinstance(later, Returned)
    with later.message() as message:
        assert message.read() == b"<x/>"
    later.done()
    assert list(adapter.collect()) == []
    assert (side.side.folder / "rueckweg" / ".abgeholt" / "antwort-7" / "plan.pdf").exists()


def test_a_message_that_is_switched_to_another_way_is_delivered_by_that_one(side: SftpSide) -> None:
    adapter = _adapter(side)
    adapter.deliver(MESSAGE)
    assert adapter.recall(MESSAGE.message_id, {})
    assert adapter.deliver(replace(MESSAGE, attempt=5)).outcome is Outcome.AVAILABLE
