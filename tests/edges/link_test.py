"""What the gateway lends adapters: addresses that lead only where they may, and secrets that nobody else reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, Unreachable
from gateway.domain.ids import AuthorityKey
from gateway.edges.keyring import FolderKeyring
from gateway.edges.link import GatewayLink, resolve
from tests.kit.installation import MovingClock
from tests.kit.keys import AT

GOOD = "https://xta.bauamt.example/services/XTAService/SendXtaPort"


@dataclass
class NoStore:
    """A store that must not be asked."""

    def reading(self) -> object:
        raise AssertionError("an address needs no table")


def link(
    tmp_path: Path,
    addresses: Sequence[str] = ("192.0.2.10",),
    allowed: Sequence[str] = ("xta.bauamt.example",),
    secrets: Path | None = None,
) -> GatewayLink:
    keyring = FolderKeyring(tmp_path / "keys")
    store: object = NoStore()
    return GatewayLink(
        store,  # type: ignore[arg-type]  # not asked for addresses
        keyring,
        MovingClock(AT),
        secrets or tmp_path / "secrets",
        allowed,
        AuthorityKey("05315000"),
        lambda _host, _port: list(addresses),
    )


def forbidden(made: GatewayLink, url: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        made.allow(url)
    assert error.value.code is codes.ADDRESS_FORBIDDEN
    return error.value.reason


def test_localhost_is_allowed_only_where_the_list_names_it(tmp_path: Path) -> None:
    assert link(tmp_path, ["127.0.0.1"], ["localhost"]).allow("https://localhost:9443/") == "127.0.0.1"
    assert forbidden(link(tmp_path, ["127.0.0.1"]), "https://localhost:9443/")
    assert forbidden(link(tmp_path, ["127.0.0.1"], ["127.0.0.1"]), "https://127.0.0.1:9443/")


def test_without_a_list_nothing_is_allowed(tmp_path: Path) -> None:
    assert forbidden(link(tmp_path, allowed=()), GOOD)


def _is_allowed(made: GatewayLink, url: str) -> bool:
    try:
        return made.allow(url) == "192.0.2.10"
    except ConfigurationError:
        return False


@given(st.text(max_size=60))
def test_whatever_is_given_as_an_address_only_an_allowed_host_gets_through(text: str) -> None:
    made = link(Path("nowhere"))
    for url in (text, f"https://{text}", f"https://{text}/x", f"https://xta.bauamt.example{text}"):
        if _is_allowed(made, url):
            assert url.lower().startswith("https://xta.bauamt.example")
            assert url[26:27] in ("", "/", ":", "?", "#")


@pytest.mark.parametrize("port", [0, -1, 65_536, 22 + 65_536])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: int) -> None:
    with pytest.raises(ConfigurationError):
        link(tmp_path).allow_host("xta.bauamt.example", port)


def test_a_host_without_https_is_pinned_by_the_same_rules(tmp_path: Path) -> None:
    assert link(tmp_path).allow_host("XTA.bauamt.example", 22) == "192.0.2.10"
    for host in ("sftp.bauamt.example", "xta.bauamt.example.", "xta.bauamt.example/x", "", "::1"):
        with pytest.raises(ConfigurationError):
            link(tmp_path).allow_host(host, 22)


def test_the_system_resolves_to_ipv4_first_and_an_unknown_name_is_unreachable() -> None:
    assert resolve("localhost", 443)[0] == "127.0.0.1"
    with pytest.raises(Unreachable) as error:
        resolve("gibt-es-nicht.invalid", 443)
    assert error.value.code is codes.FAR_SIDE_UNREACHABLE


def test_a_secret_is_lent_only_if_nobody_else_can_read_it(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    made = link(tmp_path, secrets=secrets)
    path = secrets / "sftp-key"
    path.write_bytes(b"geheim")
    for mode, readable in (
        (0o600, True),
        (0o400, True),
        (0o640, False),
        (0o604, False),
        (0o644, False),
        (0o610, False),
    ):
        path.chmod(mode)
        if readable:
            assert made.secret("sftp-key") == b"geheim"
        else:
            with pytest.raises(ConfigurationError, match="für andere lesbar"):
                made.secret("sftp-key")


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../keys/sign-0001.pem", "/etc/passwd", ".hidden", "a/b", "a\0b", "a" * 101, "fehlt", "ordner"],
)
def test_a_secret_is_a_plain_file_of_its_own_folder(tmp_path: Path, name: str) -> None:
    secrets = tmp_path / "secrets"
    (secrets / "ordner").mkdir(parents=True)
    with pytest.raises(ConfigurationError):
        link(tmp_path, secrets=secrets).secret(name)


def test_a_secret_that_is_a_link_is_not_lent(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    real = tmp_path / "anderswo"
    real.touch(mode=0o600)
    (secrets / "verweis").symlink_to(real)
    with pytest.raises(ConfigurationError):
        link(tmp_path, secrets=secrets).secret("verweis")


def test_the_time_is_the_gateways(tmp_path: Path) -> None:
    assert link(tmp_path).now() == AT
