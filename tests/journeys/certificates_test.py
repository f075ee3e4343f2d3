"""Certificates that run out are told in time, once per threshold, for authorities and for the gateway itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.api.operator.records import certificates_of
from gateway.domain.journal import Act
from gateway.edges.keyring import FolderKeyring
from gateway.edges.keys_issue import new_key, self_signed
from gateway.flow import expiry
from gateway.flow.certificates import hold
from gateway.flow.webhooks import PORTALS
from gateway.flow.worker import Worker
from tests.kit.installation import ACTOR, WARENDORF, Installation, installation


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:  # the authority's certificate ends after 370 days, ours after 730
        yield made


def warnings(installed: Installation) -> list[Act]:
    with installed.world.store.reading() as tx:
        return [entry.act for entry in tx.journal.read() if entry.act.what == "certificate.expiring"]


def test_an_authority_is_warned_about_once_at_each_threshold(installed: Installation) -> None:
    for _ in range(380):
        expiry.warn(installed.world)
        expiry.warn(installed.world)
        installed.clock.pass_by(days=1)
    told = [act for act in warnings(installed) if act.subject == WARENDORF]
    assert [act.facts["threshold"] for act in told] == [90, 60, 30, 14, 7, 1]
    assert told[0].why.startswith("Kreis Warendorf: Verschlüsselungszertifikat läuft in 90 Tagen ab (")
    assert told[-1].why.startswith("Kreis Warendorf: Verschlüsselungszertifikat läuft morgen ab (")
    assert told[0].actor == "gateway"


def test_our_own_keys_are_warned_about_until_they_are_rotated(installed: Installation) -> None:
    installed.clock.pass_by(days=641)
    expiry.warn(installed.world)
    own = [act for act in warnings(installed) if not act.subject]
    assert sorted(str(act.facts["purpose"]) for act in own) == ["sign", "tls", "wrap"]
    assert all(act.why.startswith("Gateway: ") for act in own)
    keyring = installed.world.keyring
    assert isinstance(keyring, FolderKeyring)
    for purpose in ("sign", "wrap", "tls"):
        keyring.rotate(purpose, name="Bauweiche", at=installed.clock.now())
    installed.clock.pass_by(days=60)
    assert expiry.warn(installed.world) == 0


def test_the_anchor_of_the_portals_own_servers_is_listed_and_warned_about_too(installed: Installation) -> None:
    at = installed.clock.now()
    anchor = self_signed(new_key(), "tls", name="Portal-CA", at=at, days=5).public_bytes(Encoding.PEM)
    hold(installed.world, PORTALS, "tls-anchor", anchor, ACTOR)
    assert expiry.warn(installed.world) == 1
    assert warnings(installed)[0].why.startswith("Portale: Vertrauensanker für den Server läuft in ")
    listed = certificates_of(installed.world)["rows"]
    assert [row["authority_name"] for row in listed] == ["Portale", "Kreis Warendorf"]


def test_a_certificate_that_comes_late_is_warned_about_once(installed: Installation) -> None:
    at = installed.clock.now()
    short = self_signed(new_key(), "sign", name="Behörde", at=at - timedelta(days=1), days=11)
    hold(installed.world, WARENDORF, "sign", short.public_bytes(Encoding.PEM), ACTOR)
    assert expiry.warn(installed.world) == 1
    assert expiry.warn(installed.world) == 0
    (told,) = warnings(installed)
    assert told.facts["threshold"] == 14
    assert "Signaturzertifikat läuft in 10 Tagen ab" in told.why


def test_a_renewed_certificate_ends_the_warnings(installed: Installation) -> None:
    installed.clock.pass_by(days=300)
    assert expiry.warn(installed.world) == 1
    renewed = self_signed(new_key(), "wrap", name="Behörde", at=installed.clock.now(), days=365)
    hold(installed.world, WARENDORF, "encrypt", renewed.public_bytes(Encoding.PEM), ACTOR)
    installed.clock.pass_by(days=65)
    assert expiry.warn(installed.world) == 0


def test_the_worker_looks_by_itself(installed: Installation) -> None:
    installed.clock.pass_by(days=300)
    working = Worker(installed.world, "w")
    working._housekeeping()
    assert [act.subject for act in warnings(installed)] == [WARENDORF]
