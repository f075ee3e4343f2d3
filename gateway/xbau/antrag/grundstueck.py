"""Plots and addresses (XBau: Grundstueck, Flurstueckskennzeichen)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StrictInt, StringConstraints, model_validator

from gateway.xbau.antrag.base import Nummer, Teil, Zeile, exactly_one


class Gemarkung(Teil):
    """The cadastral district, by number or by name."""

    nummer: Nummer | None = None
    bezeichnung: Zeile | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "nummer", "bezeichnung")
        return self


class KodierungFlurstueck(Teil):
    """The number of a parcel within its cadastral district."""

    gemarkung: Gemarkung
    flur: Nummer | None = None
    zaehler: Nummer
    nenner: Nummer | None = None
    folge: Nummer | None = None


class Flurstueck(Teil):
    """A parcel; `bundesland` 05 is North Rhine-Westphalia."""

    bundesland: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] = "05"
    kodierung_flurstueck: KodierungFlurstueck


class Hausnummernbereich(Teil):
    """A range of house numbers."""

    hausnummer_von: StrictInt = Field(gt=0, lt=100_000)
    hausnummer_von_zusatz: Zeile | None = None
    hausnummer_bis: StrictInt = Field(gt=0, lt=100_000)
    hausnummer_bis_zusatz: Zeile | None = None


class AnschriftGrundstueck(Teil):
    """The address of a plot; `gemeindeschluessel` is the eight-digit AGS."""

    strasse: Zeile | None = None
    hausnummer: Zeile | None = None
    strasse_hausnummer: Zeile | None = None
    postleitzahl: Zeile | None = None
    ort: Zeile | None = None
    ortsteil: Zeile | None = None
    zusatz: Zeile | None = None
    gemeindeschluessel: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")] | None = None
    hausnummernbereich: Hausnummernbereich | None = None


class Bebauungsplan(Teil):
    """A development plan, by number or by name."""

    nummer_bebauungsplan: Nummer | None = None
    bezeichnung_bebauungsplan: Zeile | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "nummer_bebauungsplan", "bezeichnung_bebauungsplan")
        return self


class Grundstueck(Teil):
    """A plot: its parcels, and where it lies."""

    anschrift: tuple[AnschriftGrundstueck, ...] = Field((), max_length=50)
    flurstueck: tuple[Flurstueck, ...] = Field(min_length=1, max_length=200)
    verwaltungsgemeinschaft: Zeile | None = None
    bebauungsplan: tuple[Bebauungsplan, ...] = Field((), max_length=50)


class Baugrundstueck(Teil):
    """All plots of a project."""

    grundstueck: tuple[Grundstueck, ...] = Field(min_length=1, max_length=50)


class Verortung(Teil):
    """Where a project lies."""

    baugrundstueck: Baugrundstueck
