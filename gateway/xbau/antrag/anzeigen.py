"""The notices of beginning, use and demolition as models."""

from __future__ import annotations

from typing import Self

from pydantic import Field, StrictBool, model_validator

from gateway.domain.procedure import Procedure
from gateway.xbau.antrag.base import Code, Datum, Monat, Teil, Zeile, exactly_one
from gateway.xbau.antrag.bauvorhaben import Anzahl, AnzahlDerGebaeude, ArtDerBaulichenAnlage, Mass
from gateway.xbau.antrag.beteiligte import Beteiligte
from gateway.xbau.antrag.grundstueck import AnschriftGrundstueck, Flurstueck, Grundstueck, Verortung
from gateway.xbau.antrag.personen import Akteur
from gateway.xbau.antrag.verfahren import Antrag, BezugAnzeige


class Termin(Teil):
    """A day."""

    datum: Datum


class Bauabschnitt(Teil):
    """A stage of work and its day."""

    bezeichnung_bauabschnitt: Zeile
    datum: Datum


class SachverhaltBaubeginn(Teil):
    """What begins: the work, a stage of it, or the work again."""

    baubeginn: Termin | None = None
    ausfuehrung_bauabschnitt: Bauabschnitt | None = None
    wiederaufnahme_bauarbeiten: Termin | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "baubeginn", "ausfuehrung_bauabschnitt", "wiederaufnahme_bauarbeiten")
        return self


class NachweiseBaubeginn(Teil):
    """Whether the structural proof must be checked."""

    pruefung_standsicherheitsnachweis_erforderlich: StrictBool


class Baubeginn(Antrag):
    """Notice that work begins (0900)."""

    PROCEDURE = Procedure.START_OF_WORK
    bezug: BezugAnzeige
    sachverhalt: SachverhaltBaubeginn
    voraussichtliche_fertigstellung: Monat | None = None
    nachweise: NachweiseBaubeginn | None = None
    beteiligte: Beteiligte
    verortung: Verortung | None = None
    status_sozialer_wohnungsbau: Code | None = None


class SachverhaltNutzungsaufnahme(Teil):
    """When use begins."""

    geplante_nutzungsaufnahme: Termin


class NachweiseNutzung(Teil):
    """What has been certified."""

    bezeichnung_vorhaben: Zeile | None = None
    standsicherheit_bescheinigt: StrictBool
    brandschutz_bescheinigt: StrictBool
    gebaeude_der_klasse4: StrictBool
    wiederkehrende_pruefungen_erforderlich: StrictBool


class Nutzungsaufnahme(Antrag):
    """Notice that use begins (0910)."""

    PROCEDURE = Procedure.START_OF_USE
    bezug: BezugAnzeige
    sachverhalt: SachverhaltNutzungsaufnahme
    nachweise: NachweiseNutzung | None = None
    beteiligte: Beteiligte | None = None
    verortung: Verortung | None = None
    status_sozialer_wohnungsbau: Code | None = None


class Anzeigender(Teil):
    """Who gives notice (list bauherrodereigentuemerart)."""

    anzeigender: Akteur
    art_des_anzeigenden: Code | None = None


class Bauabgang(Teil):
    """What goes, for the statistics (lists gebaeudealter, abgangumfang, abgangursache); areas in m²."""

    abgangszeitraum_datum: Monat
    alter_des_gebaeudes: Code
    umfang_des_abgangs: Code
    ursache_des_abgangs: Code
    nutzflaeche: Mass
    wohnflaeche: Mass | None = None


class DatenBauabgang(Teil):
    """The building that goes."""

    anschrift: tuple[AnschriftGrundstueck, ...] = Field((), max_length=50)
    flurstueck: tuple[Flurstueck, ...] = Field(min_length=1, max_length=200)
    bauabgang: Bauabgang | None = None
    art_des_eigentuemers: Code | None = None
    art_des_wohngebaeudes: Code | None = None
    art_des_nichtwohngebaeudes: Code | None = None
    ueberbaute_flaeche: Mass | None = None


class SachverhaltBeseitigung(Teil):
    """What is to be demolished; height in whole metres."""

    bezeichnung_des_bauvorhabens: Zeile | None = None
    mbo_gebaeudeklasse: Code | None = None
    art_der_baulichen_anlage: ArtDerBaulichenAnlage | None = None
    grundstueck: tuple[Grundstueck, ...] = Field(min_length=1, max_length=50)
    ist_freistehend: StrictBool
    hoehe_der_baulichen_anlage: Anzahl | None = None


class NachweiseBeseitigung(Teil):
    """Whether a structural engineer proves and supervises."""

    standsicherheitsnachweis_durch_tragwerksplaner: StrictBool
    ueberwachung_durch_tragwerksplaner: StrictBool


class Beseitigung(Antrag):
    """Notice that a building is to be demolished (0950)."""

    PROCEDURE = Procedure.DEMOLITION
    anzeigender: tuple[Anzeigender, ...] = Field(min_length=1, max_length=50)
    beteiligte: Beteiligte | None = None
    anzahl_der_gebaeude: AnzahlDerGebaeude | None = None
    daten_bauabgang: DatenBauabgang | None = None
    sachverhalt: SachverhaltBeseitigung
    nachweise: NachweiseBeseitigung | None = None
