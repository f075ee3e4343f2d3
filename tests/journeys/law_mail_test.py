"""Mails in the worker: tried again, given up, never twice by two workers, and never in anybody's way."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.domain import codes
from gateway.domain.errors import GatewayError, Refused, Unreachable
from gateway.domain.notice_mail import Letter, Mail, MailState
from gateway.flow import mails
from gateway.flow.worker import Worker
from gateway.ports import World
from tests.journeys.chain_test import hand_off
from tests.kit.installation import WARENDORF, Installation, installation, overview_pdf, portal
from tests.kit.mail_server import mail_server
from tests.kit.xta_tls import make_pki

LETTER = Letter("Betreff", "Text\n")


@dataclass
class Server:
    """Answers as it is told to."""

    error: GatewayError | None = None
    busy: threading.Event = field(default_factory=threading.Event)
    release: threading.Event | None = None
    taken: list[Mail] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        self.busy.set()
        if self.release is not None:
            self.release.wait(30)
        if self.error is not None:
            raise self.error
        self.taken.append(mail)


def with_server(installed: Installation, server: object) -> World:
    return replace(installed.world, mailer=server)  # type: ignore[arg-type]


def put(world: World, *to: str) -> int:
    with world.store.writing() as tx:
        return mails.queue(world, tx, to, LETTER, WARENDORF)


def states(world: World) -> dict[MailState, int]:
    with world.store.reading() as tx:
        return dict(tx.mails.counts())


UNREACHABLE = Unreachable(codes.FAR_SIDE_UNREACHABLE, "Der Mailserver ist nicht erreichbar.")


def test_a_mail_waits_for_a_server_that_is_away_and_arrives_once_it_is_back(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        server = Server(UNREACHABLE)
        world = with_server(installed, server)
        assert put(world, "a@nrw.example", "b@nrw.example", "a@nrw.example") == 2
        assert mails.send_due(world) == 0
        server.error = None
        assert mails.send_due(world) == 1  # the one that was not tried yet
        installed.clock.pass_by(minutes=2)
        assert mails.send_due(world) == 1
        assert mails.send_due(world) == 0
        assert sorted(mail.to for mail in server.taken) == ["a@nrw.example", "b@nrw.example"]
        assert states(world) == {MailState.SENT: 2}


def test_a_mail_that_never_arrives_is_given_up_and_journaled_without_its_address(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        world = with_server(installed, Server(UNREACHABLE))
        put(world, "a@nrw.example")
        for _ in range(len(mails.RETRIES) + 1):
            mails.send_due(world)
            installed.clock.pass_by(hours=13)
        assert states(world) == {MailState.FAILED: 1}
        refused = with_server(installed, Server(Refused(codes.FAR_SIDE_REFUSED, "Adresse unbekannt.")))
        put(refused, "b@nrw.example")
        mails.send_due(refused)
        assert states(world) == {MailState.FAILED: 2}
        with world.store.reading() as tx:
            failed = [entry for entry in tx.journal.read() if entry.act.what == "mail.failed"]
        assert len(failed) == 2
        assert not any("@" in str(entry) for entry in failed)


def test_an_address_with_a_smuggled_header_gets_no_mail_and_is_named_in_the_journal(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        world = with_server(installed, Server())
        assert put(world, "x@nrw.example\r\nBcc: alle@nrw.example", "gut@nrw.example") == 1
        with world.store.reading() as tx:
            entry = next(entry for entry in tx.journal.read() if entry.act.what == "mail.address_refused")
        assert entry.act.subject == WARENDORF
        assert "\n" not in entry.act.why


def test_without_a_mail_server_nothing_piles_up(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        assert put(installed.world, "a@nrw.example") == 0
        assert mails.send_due(installed.world) == 0
        assert states(installed.world) == {}


async def test_a_dead_mail_server_delays_no_delivery(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        server = Server(UNREACHABLE, release=threading.Event())
        world = with_server(installed, server)
        put(world, *(f"a{number}@nrw.example" for number in range(50)))
        worker = Worker(world, "w", slots=2)
        thread = threading.Thread(target=worker.run, daemon=True)
        thread.start()
        try:
            assert server.busy.wait(10)
            async with portal(installed) as client:
                await hand_off(client, overview_pdf())
            until = time.monotonic() + 15
            while not (arrived := list(installed.inboxes[WARENDORF].glob("[!.]*"))) and time.monotonic() < until:
                time.sleep(0.02)
            assert arrived  # while the mail server still has not answered
        finally:
            worker.stop.set()
            server.release.set()  # type: ignore[union-attr]
            thread.join(20)


def test_a_mail_goes_through_a_real_server(tmp_path: Path) -> None:
    from gateway.edges.mail import SmtpMailer

    folder = tmp_path / "pki"
    folder.mkdir()
    with installation(tmp_path) as installed, mail_server(make_pki(folder), "starttls") as (inbox, server):
        world = with_server(installed, SmtpMailer(server))
        put(world, "bauamt@nrw.example")
        assert mails.send_due(world) == 1
    assert inbox.received[0]["Subject"] == "Betreff"
