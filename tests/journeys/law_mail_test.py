"""Mails in the worker: tried again, given up, never twice by two workers, and never in anybody's way."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

from gateway.domain import codes
from gateway.domain.calendar import at_local, is_working_day, local, local_date
from gateway.domain.errors import GatewayError, Refused, Unreachable
from gateway.domain.notice_mail import Letter, Mail, MailState
from gateway.edges.holidays_nrw import closed_days as holidays
from gateway.flow import clocks, mails
from gateway.flow.worker import Worker
from gateway.ports import World
from tests.journeys.chain_test import hand_off
from tests.kit.installation import WARENDORF, Installation, MovingClock, installation, overview_pdf, portal
from tests.kit.mail_server import mail_server
from tests.kit.xta_tls import make_pki

LETTER = Letter("Betreff", "Text\n")


def by_day() -> MovingClock:
    """Return a clock at ten o'clock of a Tuesday that is no holiday, in the year that the machine is in."""
    today = datetime.now().astimezone().date()
    days = (today + timedelta(days=number) for number in range(1, 30))
    return MovingClock(at_local(next(day for day in days if day.weekday() == 1 and works(day)), time_of_day(10)))


def works(day: date) -> bool:
    return is_working_day(day, holidays(day.year, day.year))


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
    with installation(tmp_path, clock=by_day()) as installed:
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
    with installation(tmp_path, clock=by_day()) as installed:
        world = with_server(installed, Server(UNREACHABLE))
        put(world, "a@nrw.example")
        for _ in range(24 * 30):
            mails.send_due(world)
            installed.clock.pass_by(hours=1)
        installed.clock.at = by_day().at
        assert states(world) == {MailState.FAILED: 1}
        with world.store.reading() as tx:
            (given_up,) = [entry.act.facts["attempt"] for entry in tx.journal.read() if entry.act.what == "mail.failed"]
        assert given_up == len(mails.RETRIES) + 1
        refused = with_server(installed, Server(Refused(codes.FAR_SIDE_REFUSED, "Adresse unbekannt.")))
        put(refused, "b@nrw.example")
        mails.send_due(refused)
        assert states(world) == {MailState.FAILED: 2}
        with world.store.reading() as tx:
            failed = [entry for entry in tx.journal.read() if entry.act.what == "mail.failed"]
        assert len(failed) == 2
        assert not any("@" in str(entry) for entry in failed)


def test_what_could_not_be_sent_by_day_is_not_sent_at_night_nor_on_a_weekend_nor_on_a_closed_day(
    tmp_path: Path,
) -> None:
    with installation(tmp_path, clock=by_day()) as installed:
        server = Server(UNREACHABLE)
        world = with_server(installed, server)
        tuesday = local_date(installed.clock.now())
        clocks.set_closed_days(world, {tuesday + timedelta(days=1): "Betriebsausflug"}, "operator:test", "Plan")
        installed.clock.at = at_local(tuesday, time_of_day(16, 59, 30))
        put(world, "a@nrw.example")
        assert mails.send_due(world) == 0
        server.error = None
        tried = []
        while not server.taken:
            installed.clock.pass_by(minutes=10)
            mails.send_due(world)
            tried.append(installed.clock.now())
            assert len(tried) < 2000
        arrived = local(installed.clock.now())
        assert arrived.date() > tuesday + timedelta(days=1)
        assert works(arrived.date())
        assert arrived.hour == 8
        assert states(world) == {MailState.SENT: 1}


def test_the_mornings_mail_names_keys_of_the_gateway_that_run_out(tmp_path: Path) -> None:
    with installation(tmp_path, clock=by_day()) as installed:
        server = Server()
        world = replace(
            with_server(installed, server), policy=replace(installed.world.policy, mail_to=("leitstelle@nrw.example",))
        )
        installed.clock.pass_by(days=705)
        while not works(local_date(installed.clock.now())):
            installed.clock.pass_by(days=1)
        clocks.tick(world)
        assert mails.send_due(world) == 1
    (mail,) = server.taken
    for what in (
        "Gateway: Signaturzertifikat bis",
        "Gateway: Verschlüsselungszertifikat bis",
        "Gateway: TLS-Zertifikat bis",
    ):
        assert what in mail.body


def test_an_address_with_a_smuggled_header_gets_no_mail_and_is_named_in_the_journal(tmp_path: Path) -> None:
    with installation(tmp_path, clock=by_day()) as installed:
        world = with_server(installed, Server())
        assert put(world, "x@nrw.example\r\nBcc: alle@nrw.example", "gut@nrw.example") == 1
        with world.store.reading() as tx:
            entry = next(entry for entry in tx.journal.read() if entry.act.what == "mail.address_refused")
        assert entry.act.subject == WARENDORF
        assert "\n" not in entry.act.why


def test_without_a_mail_server_nothing_piles_up(tmp_path: Path) -> None:
    with installation(tmp_path, clock=by_day()) as installed:
        assert put(installed.world, "a@nrw.example") == 0
        assert mails.send_due(installed.world) == 0
        assert states(installed.world) == {}


async def test_a_dead_mail_server_delays_no_delivery(tmp_path: Path) -> None:
    with installation(tmp_path, clock=by_day()) as installed:
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
    with (
        installation(tmp_path, clock=by_day()) as installed,
        mail_server(make_pki(folder), "starttls") as (inbox, server),
    ):
        world = with_server(installed, SmtpMailer(server))
        put(world, "bauamt@nrw.example")
        assert mails.send_due(world) == 1
    assert inbox.received[0]["Subject"] == "Betreff"
