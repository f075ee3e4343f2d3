"""Telling portals over a real HTTPS socket: signed, repeated, replayed, and nowhere it must not go."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from socket import socket

import pytest

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.reply import NoticeState
from gateway.edges.keyring import FolderKeyring
from gateway.edges.webhook import HttpsCourier
from gateway.flow import webhooks
from gateway.flow.certificates import hold
from tests.kit.installation import ACTOR, Installation, installation
from tests.kit.portal_ear import Ear, believed, listening
from tests.kit.replying import answering, hand_in, journal_of, known_case

NUMBERS = count(1)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, allow_hosts=("localhost", "portal.example")) as made:
        hold(made.world, AuthorityKey("portal"), "tls-anchor", tls_file(made).read_bytes(), ACTOR)
        yield made


def tls_file(installed: Installation) -> Path:
    """Return the gateway's own TLS key and certificate for localhost: the portal of these tests uses it too."""
    keyring = installed.world.keyring
    assert isinstance(keyring, FolderKeyring)
    return keyring.tls_file(installed.clock.now())


@pytest.fixture
def ear(installed: Installation) -> Iterator[Ear]:
    with listening(tls_file(installed)) as made:
        yield made


def answered(installed: Installation) -> None:
    """Let an authority confirm a case of the portal: two events."""
    hand_in(installed, known_case(installed, next(NUMBERS)).xml("1120"))


def notices(installed: Installation, webhook_id: str) -> list[tuple[NoticeState, int, int]]:
    with installed.world.store.reading() as tx:
        return [(one.state, one.attempt, one.status) for one in tx.webhooks.notices(webhook_id)]


def test_a_reply_is_told_with_ids_only_under_a_signature_the_receiver_believes(
    installed: Installation, ear: Ear
) -> None:
    _, secret = webhooks.add(installed.world, "portal", ear.url, ACTOR)
    case = known_case(installed, next(NUMBERS)).case
    reply_id = hand_in(installed, answering(installed, case.id).xml("1120"))
    installed.work()
    first, second = ear.bodies()
    assert first["type"] == "reply.received"
    assert first["data"] == {
        "reply_id": reply_id, "submission_id": case.id, "case_number": case.number, "number": "1120",
    }  # fmt: skip
    assert (second["type"], second["data"]["status"]) == ("submission.status_changed", "confirmed")
    for headers, body in ear.heard:
        assert believed(secret, headers, body)
        assert not believed(secret, headers, body + b" ")
        assert not believed(secret, headers | {"webhook-timestamp": "1"}, body)
        assert headers["host"].startswith("localhost:")
        assert abs(int(headers["webhook-timestamp"]) - installed.clock.now().timestamp()) < 2
    assert installed.work() == 0


def test_other_portals_hear_nothing(installed: Installation, ear: Ear) -> None:
    webhooks.add(installed.world, "another", ear.url, ACTOR)
    answered(installed)
    installed.work()
    assert ear.heard == []


def test_a_failure_is_repeated_later_under_the_same_id_and_in_order(installed: Installation, ear: Ear) -> None:
    hook, _ = webhooks.add(installed.world, "portal", ear.url, ACTOR)
    ear.answers += [500]
    answered(installed)
    installed.work()
    assert len(ear.heard) == 1
    installed.clock.pass_by(seconds=4)
    installed.work()
    assert len(ear.heard) == 1
    assert notices(installed, hook.id)[1][1:] == (0, 0), "what nobody tried has used up no attempt"
    installed.clock.pass_by(seconds=2)
    installed.work()
    ids = [headers["webhook-id"] for headers, _ in ear.heard]
    assert ids[0] == ids[1] != ids[2]
    assert {state for state, _, _ in notices(installed, hook.id)} == {NoticeState.DELIVERED}


def test_a_dead_receiver_is_given_up_after_days_and_can_be_replayed(installed: Installation, ear: Ear) -> None:
    hook, _ = webhooks.add(installed.world, "portal", ear.url, ACTOR)
    ear.answers += [503] * 100
    answered(installed)
    begin = installed.clock.now()
    for _ in range(40):
        installed.work()
        installed.clock.pass_by(hours=13)
    told = notices(installed, hook.id)
    assert {(state, attempt) for state, attempt, _ in told} == {(NoticeState.FAILED, len(webhooks.RETRIES) + 1)}
    assert journal_of(installed, "portal").count("webhook.failed") == 2
    ear.answers.clear()
    ear.heard.clear()
    assert webhooks.replay(installed.world, hook.id, begin - timedelta(1), ACTOR, failed_only=True) == 2
    installed.work()
    assert len(ear.heard) == 2
    assert webhooks.replay(installed.world, hook.id, begin + timedelta(days=300), ACTOR) == 0


def test_who_answers_410_is_told_nothing_more_until_a_replay(installed: Installation, ear: Ear) -> None:
    webhooks.add(installed.world, "portal", ear.url, ACTOR)
    ear.answers += [410]
    answered(installed)
    installed.work()
    answered(installed)
    installed.work()
    assert len(ear.heard) == 1
    assert "webhook.disabled" in journal_of(installed, "portal")


def test_a_redirect_is_not_followed(installed: Installation, ear: Ear) -> None:
    hook, _ = webhooks.add(installed.world, "portal", ear.url, ACTOR)
    ear.answers += [302]
    ear.location = ear.url
    answered(installed)
    installed.work()
    assert len(ear.heard) == 1
    assert notices(installed, hook.id)[0][2] == 302


@pytest.mark.parametrize(
    "url",
    ["http://localhost/x", "https://10.0.0.1/x", "https://169.254.169.254/latest", "https://evil.example/x",
     "https://localhost@evil.example/", "ftp://localhost/", "https://local host/", "https://[::1]/", ""],
)  # fmt: skip
def test_only_https_to_a_host_on_the_list_is_taken(installed: Installation, url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        webhooks.add(installed.world, "portal", url, ACTOR)
    assert caught.value.code.name == "address-forbidden"


def test_an_address_that_is_forbidden_later_is_not_called(installed: Installation, ear: Ear) -> None:
    hook, _ = webhooks.add(installed.world, "portal", ear.url, ACTOR)

    def refuse(url: str) -> str:
        raise ConfigurationError(codes.ADDRESS_FORBIDDEN, "Der Rechner ist nicht mehr erlaubt.")

    world = replace(installed.world, courier=HttpsCourier(refuse, ssl.create_default_context))
    answered(installed)
    assert webhooks.send_due(world, hook.id) == 0
    assert ear.heard == []
    assert notices(installed, hook.id)[0] == (NoticeState.WAITING, 1, 0)


def test_a_certificate_that_is_not_believed_gets_nothing(installed: Installation, ear: Ear) -> None:
    courier = HttpsCourier(lambda _: "127.0.0.1", ssl.create_default_context)
    assert courier.post(ear.url, {}, b"{}") == 0
    assert ear.heard == []


def test_nobody_listening_and_a_silent_receiver_count_as_no_answer(installed: Installation) -> None:
    with socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        courier = HttpsCourier(lambda _: "127.0.0.1", ssl.create_default_context, patience=0.2)
        assert courier.post(f"https://localhost:{port}/", {}, b"{}") == 0
    assert courier.post(f"https://localhost:{port}/", {}, b"{}") == 0


def test_a_removed_webhook_is_gone_with_what_was_to_be_sent(installed: Installation, ear: Ear) -> None:
    hook, _ = webhooks.add(installed.world, "portal", ear.url, ACTOR)
    answered(installed)
    webhooks.remove(installed.world, hook.id, ACTOR)
    installed.work()
    assert ear.heard == []
    with pytest.raises(SubmissionError):
        webhooks.remove(installed.world, hook.id, ACTOR)


def test_a_notice_of_a_worker_that_died_is_sent_by_another_and_never_by_two_at_once(
    installed: Installation, ear: Ear
) -> None:
    hook, _ = webhooks.add(installed.world, "portal", ear.url, ACTOR)
    answered(installed)
    claimed = webhooks._claimed(installed.world, hook.id)
    assert len(claimed) == 2
    assert webhooks.send_due(installed.world, hook.id) == 0
    installed.clock.pass_by(seconds=webhooks.CLAIM + 1)
    assert webhooks.send_due(installed.world, hook.id) == 2


def test_the_signature_of_a_known_example_is_exact() -> None:
    """The vector of the Standard Webhooks reference implementations."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert webhooks.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )
