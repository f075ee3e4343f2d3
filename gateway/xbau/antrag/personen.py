"""People and companies (XBau-Kernmodul: Akteur)."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints, model_validator

from gateway.xbau.antrag.base import Code, Teil, Zeile, exactly_one

Staatsschluessel = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")]


class NameNatuerlichePerson(Teil):
    """The name of a person; a missing first or family name says that there is none."""

    TOLD = frozenset({"familienname", "vorname"})

    titel: Zeile | None = None
    anrede: Zeile | None = None
    familienname: Zeile | None = None
    vorname: Zeile | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.familienname is None and self.vorname is None:
            exactly_one(self, "familienname", "vorname")
        return self


class Anschrift(Teil):
    """A postal address; `staat` is the three-digit Destatis key (000 Germany)."""

    strasse: Zeile | None = None
    hausnummer: Zeile | None = None
    strasse_hausnummer: Zeile | None = None
    postfach: Zeile | None = None
    postleitzahl: Zeile | None = None
    ort: Zeile | None = None
    ortsteil: Zeile | None = None
    wohnungsgeber: Zeile | None = None
    zusatz: Zeile | None = None
    staat: Staatsschluessel | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.ort is None and self.postleitzahl is None:
            exactly_one(self, "ort", "postleitzahl")
        return self


class Kommunikation(Teil):
    """A way to reach somebody: `kanal` 01 e-mail, 02 phone, 03 mobile (list erreichbarkeit)."""

    kanal: Code
    kennung: Zeile
    ist_dienstlich: StrictBool | None = None
    zusatz: Zeile | None = None


class NatuerlichePerson(Teil):
    """A natural person; `id` is given by the portal and stays the same through the whole case."""

    id: UUID
    name: NameNatuerlichePerson
    anschrift: Anschrift
    kommunikation: tuple[Kommunikation, ...] = Field((), max_length=20)
    ist_vertreter: Literal[True] | None = None


class NameOrganisation(Teil):
    """The name of a company."""

    name: Zeile
    kurzbezeichnung: Zeile | None = None


class Ansprechpartner(Teil):
    """Whom to ask in a company."""

    name: NameNatuerlichePerson
    funktion: Zeile | None = None
    kommunikation: tuple[Kommunikation, ...] = Field((), max_length=20)


class Registereintrag(Teil):
    """The entry of a company in a register: number and court (list registergerichte)."""

    eintragung_nr: Zeile
    gericht_schluessel: Code


class Organisation(Teil):
    """A company, authority or other legal person with its representatives."""

    id: UUID
    name: NameOrganisation
    anschrift: tuple[Anschrift, ...] = Field((), max_length=20)
    kommunikation: tuple[Kommunikation, ...] = Field((), max_length=20)
    vertreter: tuple[NameNatuerlichePerson, ...] = Field((), max_length=50)
    ansprechpartner: tuple[Ansprechpartner, ...] = Field((), max_length=50)
    registereintrag: Registereintrag | None = None


class Akteur(Teil):
    """A natural person or a company."""

    natuerliche_person: NatuerlichePerson | None = None
    organisation: Organisation | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "natuerliche_person", "organisation")
        return self

    @property
    def key(self) -> UUID:
        """The portal's id of the person or company."""
        chosen = self.natuerliche_person or self.organisation
        assert chosen is not None, "a validated Akteur has one of both"
        return chosen.id


class Identitaet(Teil):
    """How the applicant proved who they are; no XBau message has a place for it, so it stays with the case."""

    quelle: Literal["BundID", "Unternehmenskonto", "Servicekonto.NRW"]
    vertrauensniveau: Literal["basis", "niedrig", "substantiell", "hoch"]
