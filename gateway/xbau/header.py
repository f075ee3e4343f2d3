"""The header and the root attributes of a message."""

from __future__ import annotations

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.domain.message import Heading, Party
from gateway.xbau.release import Release
from gateway.xbau.tree import Group, Leaf, Tree

_WHERE = "/heading"
_SETTINGS = {
    "street": "sender_street",
    "number": "sender_number",
    "postcode": "sender_postcode",
    "town": "sender_town",
    "email": "sender_email",
}
"""Up to 2.3.1 the author must name a postal address and a way to be reached: which setting says what."""


def root_attributes(heading: Heading) -> dict[str, Tree]:
    """Return the attributes every message carries; `test` marks a message that must not reach production."""
    named = {
        "@produkt": heading.product,
        "@produkthersteller": heading.maker,
        "@produktversion": heading.product_version,
        "@test": heading.test,
    }
    return {name: Leaf(text, f"{_WHERE}/{name[1:]}") for name, text in named.items() if text}


def header(heading: Heading, number: str, release: Release) -> Group:
    """Return the header of message `number`: what it is, who reads it, who wrote it."""
    identification: dict[str, Tree] = {
        "nachrichtenUUID": Leaf(heading.stamp.message_id, f"{_WHERE}/stamp"),
        "nachrichtentyp": Leaf(number, f"{_WHERE}/stamp"),
        "erstellungszeitpunkt": Leaf(heading.stamp.at.isoformat(timespec="seconds"), f"{_WHERE}/stamp"),
    }
    party = _authority if release.header == "xinneres" else _listed
    author = dict(party(heading.sender, f"{_WHERE}/sender"))
    if release.header == "xinneres":
        author |= _reachable(heading.sender, release)
    return Group(
        {
            "identifikation.nachricht": Group(identification, f"{_WHERE}/stamp"),
            "leser": Group(party(heading.addressee, f"{_WHERE}/addressee"), f"{_WHERE}/addressee"),
            "autor": Group(author, f"{_WHERE}/sender"),
        },
        _WHERE,
    )


def _listed(party: Party, pointer: str) -> dict[str, Tree]:
    """Return a party of XÖV-Basisnachricht 1.1, known by its entry in the DVDV."""
    return {
        "verzeichnisdienst": Leaf("DVDV", pointer),
        "kennung": Leaf(party.identifier, f"{pointer}/identifier"),
        "name": Leaf(party.name, f"{pointer}/name"),
    }


def _authority(party: Party, pointer: str) -> dict[str, Tree]:
    """Return a party of XInneres, its identifier split into prefix and key."""
    prefix, _, key = party.identifier.partition(":")
    known: dict[str, Tree] = {
        "praefix": Leaf(prefix, f"{pointer}/identifier"),
        "kennung": Leaf(key, f"{pointer}/identifier"),
    }
    return {
        "behoerdenkennung": Group(known, f"{pointer}/identifier"),
        "behoerdenname": Leaf(party.name, f"{pointer}/name"),
    }


def _reachable(author: Party, release: Release) -> dict[str, Tree]:
    """Return how the author is reached.

    Raises:
        ConfigurationError: the deployer has not said so; a made-up address would be worse than no message.
    """
    missing = [setting for field, setting in _SETTINGS.items() if not getattr(author, field)]
    if missing:
        raise ConfigurationError(
            codes.CONFIGURATION,
            f"XBau {release.name} verlangt Anschrift und E-Mail-Adresse des Absenders; sie sind nicht eingestellt.",
            f"Bitte einstellen: {', '.join(missing)}.",
        )
    pointer = f"{_WHERE}/sender"
    building: dict[str, Tree] = {
        "hausnummer": Leaf(author.number, f"{pointer}/number"),
        "postleitzahl": Leaf(author.postcode, f"{pointer}/postcode"),
        "strasse": Leaf(author.street, f"{pointer}/street"),
        "wohnort": Leaf(author.town, f"{pointer}/town"),
    }
    mail: dict[str, Tree] = {"kanal": Leaf("01", pointer), "kennung": Leaf(author.email, f"{pointer}/email")}
    return {
        "erreichbarkeit": [Group(mail, pointer)],
        "anschrift": Group({"gebaeude": Group(building, pointer)}, pointer),
    }
