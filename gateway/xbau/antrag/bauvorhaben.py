"""The project itself (XBau: Bauvorhaben, Gegenstand)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, model_validator

from gateway.xbau.antrag.base import Code, Schluessel, Teil, Zeile, exactly_one
from gateway.xbau.antrag.beteiligte import Beteiligte
from gateway.xbau.antrag.grundstueck import Verortung

Mass = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
"""A measure with at most two decimals, as XBau allows."""
Euro = Annotated[StrictInt, Field(gt=0, lt=10**12)]
Anzahl = Annotated[StrictInt, Field(gt=0, lt=10**6)]


class IdentifikationGebaeude(Teil):
    """A building: its UUID is given by the portal."""

    uuid_gebaeude: UUID
    gebaeude_bezeichnung: Zeile


class AnzahlDerGebaeude(Teil):
    """How many buildings the project has (0: none)."""

    anzahl_der_gebaeude_im_bauvorhaben: StrictInt = Field(ge=0, lt=10_000)
    identifikation_gebaeude: tuple[IdentifikationGebaeude, ...] = Field((), max_length=500)


class ArtDerBaulichenAnlage(Teil):
    """What is built (lists wohngebaeudeart, nichtwohngebaeudeart)."""

    art_des_wohngebaeudes: Code | None = None
    art_des_nichtwohngebaeudes: Code | None = None
    art_der_sonstigen_anlage: Schluessel | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "art_des_wohngebaeudes", "art_des_nichtwohngebaeudes", "art_der_sonstigen_anlage")
        return self


class Nutzungsaenderung(Teil):
    """A change of use."""

    bisherige_nutzung: ArtDerBaulichenAnlage
    beabsichtigte_nutzung: ArtDerBaulichenAnlage


class Klassifikation(Teil):
    """The class in building law (lists gebaeudeklasse, mbosonderbauten, mbogaragentyp)."""

    gebaeudeklasse: Code | None = None
    hoehe_nach_mbo: Mass | None = None
    ist_freistehend: StrictBool | None = None
    sonderbau: tuple[Code, ...] = Field((), max_length=30)
    mittel_oder_gross_garage: StrictBool | None = None
    garage: Code | None = None


class Baudenkmal(Teil):
    """A monument that is touched (list artdesbaudenkmals)."""

    art_des_baudenkmals: Code


class FlaechenBauordnungsrecht(Teil):
    """Areas in building law, in m²."""

    spielplatz_flaeche: Mass | None = None
    freizeit_flaeche: Mass | None = None
    flaeche_der_nebenanlagen: Mass | None = None
    versiegelte_flaeche: Mass | None = None
    verkaufsflaeche: Mass | None = None


class FlaechenBauNVO(Teil):
    """Measures of use (BauNVO): heights in m, areas in m²."""

    hoehe_der_baulichen_anlage: Mass | None = None
    hoehen_bezug: Zeile | None = None
    anzahl_vollgeschosse: Anzahl | None = None
    zulaessige_anzahl_vollgeschosse: Anzahl | None = None
    flaeche_des_baugrundstuecks: Mass | None = None


class FlaechenDIN277(Teil):
    """Areas in m² and volumes in m³ after DIN 277."""

    grundstuecks_flaeche_gf: Mass | None = None
    brutto_grundflaeche_bgf: Mass | None = None
    netto_raumflaeche_nrf: Mass | None = None
    brutto_rauminhalt_bri: Mass | None = None


class FlaechenWohnen(Teil):
    """Living space in m² (WoFlV)."""

    wohnflaeche_neu: Mass | None = None
    wohnflaeche_alt: Mass | None = None


class Flaechen(Teil):
    """All areas of a project."""

    flaechen_bauordnungsrecht: FlaechenBauordnungsrecht | None = None
    flaechen_bau_nvo: FlaechenBauNVO | None = None
    flaechen_din277: FlaechenDIN277 | None = None
    flaechen_wo_fiv: FlaechenWohnen | None = None


class Datenblatt(Teil):
    """The data sheet of a project."""

    flaechen: Flaechen


class Nachweispruefung(Teil):
    """Whether a structural proof must be checked (list bautechnischernachweisart)."""

    pruefung_ist_erforderlich: StrictBool
    art_des_bautechnischen_nachweises: Code


class Herstellungskosten(Teil):
    """Costs in whole euro, by cost group of DIN 276."""

    kostengruppe300: Euro | None = None
    kostengruppe400: Euro | None = None
    kostengruppe500: Euro | None = None
    kostengruppe700: Euro | None = None
    kosten_pro_bgf: Euro | None = None
    kosten_pro_bri: Euro | None = None
    summe_herstellungskosten: Euro | None = None


class Gegenstand(Teil):
    """What the project is (list baumassnahmeart: 11 new building, 12 change, 13 and 14 change of use)."""

    anzahl_der_gebaeude: AnzahlDerGebaeude | None = None
    art_der_massnahme: tuple[Code, ...] = Field(min_length=1, max_length=20)
    art_der_baulichen_anlage: ArtDerBaulichenAnlage | None = None
    zweck_der_nutzungsaenderung: Nutzungsaenderung | None = None
    bauordnungsrechtliche_klassifikation: Klassifikation | None = None
    baudenkmal_betroffen: tuple[Baudenkmal, ...] = Field((), max_length=20)
    bauvorhaben_datenblatt: Datenblatt | None = None
    pruefung_bautechnische_nachweise: tuple[Nachweispruefung, ...] = Field((), max_length=20)
    herstellungskosten: Herstellungskosten | None = None


class Bauvorhaben(Teil):
    """The project: what, who and where."""

    bezeichnung_des_bauvorhabens: Zeile
    beteiligte: Beteiligte
    gegenstand: Gegenstand
    verortung: Verortung
    weitere_angaben: tuple[Zeile, ...] = Field((), max_length=50)
