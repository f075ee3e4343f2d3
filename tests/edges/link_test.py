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


@pytest.mark.parametrize(
    "url",
    [GOOD, "https://xta.bauamt.example", "https://XTA.Bauamt.Example:8443/x?y=1", "https://xta.bauamt.example:443/"],
)
def test_an_https_address_of_an_allowed_host_is_pinned(tmp_path: Path, url: str) -> None:
    assert link(tmp_path).allow(url) == "192.0.2.10"


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "//xta.bauamt.example/", "http://xta.bauamt.example/", "ftp://xta.bauamt.example/", "file:///etc/passwd",
        "gopher://xta.bauamt.example/", "https:/xta.bauamt.example", "https:xta.bauamt.example", "https://",
        "https:///xta.bauamt.example", "https://.example/", "https://xta..example/", "https://-xta.example/",
        "https://user@xta.bauamt.example/", "https://user:pw@xta.bauamt.example/", "https://@xta.bauamt.example/",
        "https://xta.bauamt.example@evil.example/", "https://evil.example/@xta.bauamt.example",
        "https://evil.example#xta.bauamt.example", "https://evil.example?xta.bauamt.example",
        "https://evil.example\\@xta.bauamt.example/", "https://xta.bauamt.example\\.evil.example/",
        "https://xta.bauamt.example.evil.example/", "https://evilxta.bauamt.example/", "https://bauamt.example/",
        "https://sub.xta.bauamt.example/", "https://xta.bauamt.example./", "https://xta.bauamt.example.:443/",
        "https://xta%2ebauamt.example/", "https://%78ta.bauamt.example/", "https://xta.bauamt.example%00.evil.example/",
        "https://xta.bauamt.example\x00/", "https://xta.bauamt.example\t/", "https://xta.bauamt.example\n/",
        "https://xta.bauamt.example\r\nX: y/", " https://xta.bauamt.example/", "https://xta.bauamt.example /",
        "https://xtа.bauamt.example/", "https://ｘta.bauamt.example/", "https://xta。bauamt。example/",
        "https://xta.bauamt.example:0/", "https://xta.bauamt.example:65536/", "https://xta.bauamt.example:-1/",
        "https://xta.bauamt.example:x/", "https://xta.bauamt.example:443:443/", "https://localhost/",
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/",
        "https://0177.0.0.1/", "https://017700000001/", "https://0/", "https://0.0.0.0/", "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
        "https://[::127.0.0.1]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::1", "https://[xta.bauamt.example]/",
        "https://" + "a" * 300 + ".example/", "https://" + "a" * 64 + ".example/", "https://xta_bauamt.example/",
    ],
)  # fmt: skip
def test_an_address_that_leads_anywhere_else_is_refused(tmp_path: Path, url: str) -> None:
    assert forbidden(link(tmp_path), url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "239.1.1.1",
        "240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16", "::1", "::", "fe80::1", "fe80::1%eth0",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::1", "fd00:ec2::254",
        "no address",
    ],
)  # fmt: skip
def test_an_allowed_name_that_points_at_this_machine_or_its_neighbours_is_refused(tmp_path: Path, address: str) -> None:
    assert "gesperrte Adresse" in forbidden(link(tmp_path, [address]), GOOD)
    assert "gesperrte Adresse" in forbidden(link(tmp_path, ["192.0.2.10", address]), GOOD)


@pytest.mark.parametrize(
    "address",
    ["192.0.2.10", "10.20.30.40", "172.16.0.9", "192.168.7.7", "2a02:8108::1", "fd12:3456::1", "64:ff9b::a14:1e28"],
)
def test_public_and_internal_addresses_are_fit(tmp_path: Path, address: str) -> None:
    assert link(tmp_path, [address]).allow(GOOD) == address


def test_a_name_that_resolves_to_nothing_is_refused(tmp_path: Path) -> None:
    assert "gesperrte Adresse" in forbidden(link(tmp_path, []), GOOD)


def test_localhost_is_allowed_only_where_the_list_names_it(tmp_path: Path) -> None:
    assert link(tmp_path, ["127.0.0.1"], ["localhost"]).allow("https://localhost:9443/") == "127.0.0.1"
    assert forbidden(link(tmp_path, ["127.0.0.1"]), "https://localhost:9443/")
    assert forbidden(link(tmp_path, ["127.0.0.1"], ["127.0.0.1"]), "https://127.0.0.1:9443/")


def test_without_a_list_nothing_is_allowed(tmp_path: Path) -> None:
    assert forbidden(link(tmp_path, allowed=()), GOOD)


def test_a_name_that_changes_its_address_is_judged_anew_each_time(tmp_path: Path) -> None:
    answers = iter([["192.0.2.10"], ["127.0.0.1"]])
    store: object = NoStore()
    made = GatewayLink(
        store,  # type: ignore[arg-type]  # not asked for addresses
        FolderKeyring(tmp_path),
        MovingClock(AT),
        tmp_path,
        ["xta.bauamt.example"],
        AuthorityKey("05315000"),
        lambda _host, _port: next(answers),
    )
    assert made.allow(GOOD) == "192.0.2.10"
    assert forbidden(made, GOOD)


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
