"""Addresses that adapters and notices may go to: every attempt to lead the gateway elsewhere is refused (SSRF)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.domain.ids import AuthorityKey
from gateway.edges.keyring import FolderKeyring
from gateway.edges.link import GatewayLink
from gateway.edges.webhook import HttpsCourier
from tests.kit.corpus import corpus
from tests.kit.installation import MovingClock
from tests.kit.keys import AT

ADDRESSES = corpus("urls")
PUBLIC = ["192.0.2.10"]


def link(folder: Path, answers: list[list[str]]) -> GatewayLink:
    """Return what adapters are lent, with a resolver that gives these answers in turn and keeps the last."""
    store: object = None
    return GatewayLink(
        store,  # type: ignore[arg-type]  # an address needs no table
        FolderKeyring(folder / "keys"),
        MovingClock(AT),
        folder / "secrets",
        ("xta.bauamt.example",),
        AuthorityKey("05315000"),
        lambda _host, _port: answers.pop(0) if len(answers) > 1 else answers[0],
    )


def test_the_corpus_has_more_than_sixty_addresses_that_must_be_refused() -> None:
    assert sum(attack["answer"] != "" for attack in ADDRESSES.values()) >= 60


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_gets_its_answer(tmp_path: Path, name: str) -> None:
    attack = ADDRESSES[name]
    addresses = attack.get("resolves", PUBLIC)
    made = link(tmp_path, [addresses, attack["then"]] if "then" in attack else [addresses])
    if attack["answer"]:
        refused(made, attack["url"])
        with pytest.raises(ConfigurationError):  # notices to portals go by the same rule
            HttpsCourier(made.allow, lambda: pytest.fail("no connection is tried")).post(attack["url"], {}, b"")
        return
    assert made.allow(attack["url"]) == addresses[0]
    if "then" in attack:
        refused(made, attack["url"])  # judged anew each time: a name that changes its address gains nothing


def refused(made: GatewayLink, url: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        made.allow(url)
    assert error.value.code is codes.ADDRESS_FORBIDDEN
    assert error.value.reason
