"""The header and the root attributes of a message."""

from __future__ import annotations

from gateway.domain.message import Heading, Party
from gateway.xbau.release import Release
from gateway.xbau.tree import Group, Leaf, Tree

_WHERE = "/heading"
STREET, HOUSE, POSTCODE, TOWN = "Jürgensplatz", "1", "40219", "Düsseldorf"
MAIL = "poststelle@mhkbd.nrw.de"
"""Up to 2.3.1 the author must name a postal address and a way to be reached: the ministry that runs Bauportal.NRW."""


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
        author |= _reachable()
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


def _reachable() -> dict[str, Tree]:
    pointer = f"{_WHERE}/sender"
    building: dict[str, Tree] = {
        "hausnummer": Leaf(HOUSE, pointer),
        "postleitzahl": Leaf(POSTCODE, pointer),
        "strasse": Leaf(STREET, pointer),
        "wohnort": Leaf(TOWN, pointer),
    }
    mail: dict[str, Tree] = {"kanal": Leaf("01", pointer), "kennung": Leaf(MAIL, pointer)}
    return {
        "erreichbarkeit": [Group(mail, pointer)],
        "anschrift": Group({"gebaeude": Group(building, pointer)}, pointer),
    }
