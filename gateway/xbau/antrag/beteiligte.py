"""Who takes part in a project (XBau: BeteiligteBauprojekt)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StrictBool, StringConstraints, model_validator

from gateway.xbau.antrag.base import Absatz, Code, Nummer, Teil, Zeile, exactly_one
from gateway.xbau.antrag.grundstueck import Grundstueck
from gateway.xbau.antrag.personen import Akteur, Organisation, Staatsschluessel

Bundesland = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]


class NummernKammer(Teil):
    """The membership in a chamber: 01 Architektenkammer NRW, 02 Ingenieurkammer-Bau NRW (list kammer)."""

    mitgliedsnummer: Nummer | None = None
    personennummer: Nummer | None = None
    kammer: Code


class MitgliedsnummerBundesland(Teil):
    """A membership known by its Land only."""

    mitgliedsnummer: Nummer
    bundesland: Bundesland


class MitgliedschaftInland(Teil):
    """A membership in a German chamber."""

    nummern_kammer: NummernKammer | None = None
    mitgliedsnummer_bundesland: MitgliedsnummerBundesland | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "nummern_kammer", "mitgliedsnummer_bundesland")
        return self


class Ausland(Teil):
    """A qualification from abroad."""

    niederlassung_staat: Staatsschluessel
    bescheinigt_in: Bundesland


class Berechtigung(Teil):
    """Why somebody may present building documents (list bauvorlageberechtigungsachverhalt)."""

    grundlage_bauvorlage_berechtigung: Code | None = None
    mitgliedschaft_inland: MitgliedschaftInland | None = None
    nachweis_berechtigung: Absatz | None = None
    berufsbezeichnung: Zeile | None = None
    ausland: Ausland | None = None


class Entwurfsverfasser(Teil):
    """The designer, with qualification."""

    personendaten: Akteur
    berechtigung: Berechtigung | None = None


class Bauherr(Teil):
    """A client of the project (list bauherrodereigentuemerart)."""

    bauherr: Akteur
    art_des_bauherrn: Code | None = None


class Nachbar(Teil):
    """A neighbouring plot, its owners, and whether they consented."""

    eigentuemer: tuple[Akteur, ...] = Field(min_length=1, max_length=50)
    grundstueck: tuple[Grundstueck, ...] = Field(min_length=1, max_length=50)
    hat_zugestimmt: StrictBool


class CodeOderWert(Teil):
    """A code, or a word where the list has none."""

    code: Code | None = None
    nicht_gelisteter_wert: Zeile | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "code", "nicht_gelisteter_wert")
        return self


class WeitereBeteiligte(Teil):
    """Somebody else, with role and field (lists beteiligterrolle, beteiligterfachrichtung)."""

    beteiligter: Akteur
    rolle: CodeOderWert
    fachrichtung: CodeOderWert
    berechtigung: Berechtigung | None = None


class Beteiligte(Teil):
    """Everybody who takes part; XBau 2.5 and later want `gebuehrenpflichtiger`."""

    bauherr: tuple[Bauherr, ...] = Field(min_length=1, max_length=50)
    gruppenname: Zeile | None = None
    bevollmaechtigter: Akteur | None = None
    entwurfsverfasser: Entwurfsverfasser | None = None
    bauunternehmer: Organisation | None = None
    nachbar: tuple[Nachbar, ...] = Field((), max_length=100)
    weitere_beteiligte: tuple[WeitereBeteiligte, ...] = Field((), max_length=100)
    gebuehrenpflichtiger: Akteur | None = None
