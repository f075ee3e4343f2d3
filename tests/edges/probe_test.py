"""Probing a way: what is seen over there becomes a finding with what to do, and nothing is left behind."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncssh
import pytest

from adapters import file_drop, sftp, soap_push
from adapters.folder.probe import clock_finding
from gateway.adapter import Finding, Link, Probing
from gateway.adapter_contract import SampleLink
from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from tests.kit.sftp_server import SftpSide
from tests.kit.soap_server import SoapSide
from tests.kit.xta_tls import Pki, make_pki

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpSide]:
    with SftpSide(tmp_path / "server", tmp_path / "geholt").running() as running:
        yield running


@pytest.fixture
def service(tmp_path: Path, pki: Pki) -> Iterator[SoapSide]:
    with SoapSide(tmp_path / "eingang", pki).running() as running:
        yield running


def probed(adapter: object) -> dict[str, Finding]:
    assert isinstance(adapter, Probing)
    return {finding.check: finding for finding in adapter.probe()}


def folder_probe(folder: Path, now: datetime | None = None) -> dict[str, Finding]:
    link = SampleLink(at=now)
    return probed(file_drop.build(file_drop.Settings(folder=folder), link))


def failing(found: dict[str, Finding]) -> Sequence[str]:
    return [check for check, finding in found.items() if not finding.holds]


# folders


def test_a_good_folder_is_reachable_has_the_right_time_and_stays_empty(tmp_path: Path) -> None:
    found = folder_probe(tmp_path)
    assert set(found) == {"reachable", "clock"}
    assert failing(found) == []
    assert list(tmp_path.iterdir()) == []


def test_what_an_interrupted_probe_left_is_cleared(tmp_path: Path) -> None:
    for name in (".probe-bauweiche", ".probe-bauweiche-umbenannt"):
        (tmp_path / name).write_bytes(b"alt")
    assert failing(folder_probe(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_says_so_and_what_to_do(tmp_path: Path) -> None:
    found = folder_probe(tmp_path / "fehlt")
    assert failing(found) == ["reachable"]
    assert found["reachable"].detail.startswith("Der Ablageordner fehlt. Bitte prüfen Sie")


def test_a_file_instead_of_a_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "datei").write_bytes(b"")
    assert "kein Ordner" in folder_probe(tmp_path / "datei")["reachable"].detail


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "echt").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "echt")
    assert "Verknüpfung" in folder_probe(tmp_path / "link")["reachable"].detail


def test_a_drive_that_is_not_mounted_says_so(tmp_path: Path) -> None:
    settings = file_drop.Settings(folder=tmp_path, mount_point=tmp_path)
    found = probed(file_drop.build(settings, SampleLink()))
    assert "nicht eingehängt" in found["reachable"].detail


@pytest.mark.parametrize(("minutes", "word"), [(5, "nach"), (-5, "vor")])
def test_a_wrong_clock_says_by_how_much_and_which_way(tmp_path: Path, minutes: int, word: str) -> None:
    found = folder_probe(tmp_path, datetime.now(UTC) + timedelta(minutes=minutes))
    assert failing(found) == ["clock"]
    assert f" s {word};" in found["clock"].detail
    assert found["clock"].detail.endswith("über NTP abgleichen.")


@pytest.mark.parametrize(("seconds", "holds"), [(0, True), (60, True), (-60, True), (60.5, False), (-61, False)])
def test_sixty_seconds_are_the_most_that_clocks_may_differ(seconds: float, holds: bool) -> None:
    assert clock_finding(NOW + timedelta(seconds=seconds), NOW).holds is holds


# SFTP


def test_a_good_server_is_reachable_and_keeps_nothing(server: SftpSide) -> None:
    found = probed(sftp.build(server.settings(), server.link()))
    assert set(found) == {"reachable", "clock"}
    assert found["reachable"].holds
    assert list(server.side.folder.iterdir()) == []


def test_a_server_with_another_host_key_is_not_logged_into(server: SftpSide) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    found = probed(sftp.build(server.settings(host_key=other), server.link()))
    assert "anderen Hostschlüssel" in found["reachable"].detail


def test_a_server_that_is_off_says_so(server: SftpSide) -> None:
    adapter = sftp.build(server.settings(), server.link())
    server.stop()
    found = probed(adapter)
    assert "nimmt niemand ab" in found["reachable"].detail
    server.start()


def test_a_host_that_is_not_allowed_is_a_finding_and_not_an_error(server: SftpSide) -> None:
    found = probed(sftp.build(server.settings(), _Forbidding()))
    assert found["reachable"].detail.startswith("Nicht erlaubt.")


# HTTPS


def https_probe(service: SoapSide, link: Link | None = None) -> dict[str, Finding]:
    return probed(soap_push.SoapPush(service.settings(), link or service.link()))


def test_a_good_service_shows_chain_name_days_and_time(service: SoapSide) -> None:
    found = https_probe(service)
    assert set(found) == {"reachable", "certificate", "clock"}
    assert found["reachable"].holds
    assert found["reachable"].detail == "Der Dienst antwortet mit SOAP."
    assert "Kette und Rechnername des Servers stimmen" in found["certificate"].detail


def test_a_service_of_an_unknown_issuer_is_not_believed(service: SoapSide) -> None:
    found = https_probe(service, SampleLink(context=ssl.create_default_context()))
    assert found["reachable"].holds
    assert failing(found) == ["certificate"]
    assert "Aussteller" in found["certificate"].detail
    assert "tls-anchor" in found["certificate"].detail


def test_a_certificate_for_another_host_is_not_believed(service: SoapSide) -> None:
    settings = service.settings()
    adapter = soap_push.SoapPush(
        settings.model_copy(update={"url": settings.url.replace("localhost", "anderswo.example")}), service.link()
    )
    found = probed(adapter)
    assert "anderen Rechnernamen" in found["certificate"].detail


def test_a_service_that_is_off_says_so(service: SoapSide) -> None:
    service.stop()
    found = https_probe(service)
    assert failing(found) == ["reachable"]
    assert "Firewall" in found["reachable"].detail
    service.start()


def test_a_certificate_that_ends_within_thirty_days_is_told(service: SoapSide) -> None:
    link = service.link()
    context = link.tls()
    late = SampleLink(context=context, at=datetime.now(UTC) + timedelta(days=3650))
    found = https_probe(service, late)
    assert {"certificate", "clock"} <= set(failing(found))
    assert "bitte dort jetzt erneuern" in found["certificate"].detail


class _Forbidding(SampleLink):
    """A link that allows no address."""

    def allow_host(self, host: str, port: int) -> str:
        raise ConfigurationError(codes.ADDRESS_FORBIDDEN, "Nicht erlaubt.", "Bitte freigeben.")
