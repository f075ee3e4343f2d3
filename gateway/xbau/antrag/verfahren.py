"""The opening message of every procedure as a model."""

from __future__ import annotations

from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator

from gateway.domain.procedure import Procedure
from gateway.xbau.antrag.base import Absatz, Code, Datum, Schluessel, Teil, Zeile, Zeitpunkt, exactly_one
from gateway.xbau.antrag.bauvorhaben import Bauvorhaben
from gateway.xbau.antrag.personen import Akteur, Identitaet


class Nachrichtenbezug(Teil):
    """The message that is referred to."""

    nachrichten_uuid: UUID
    nachrichtentyp: Code
    erstellungszeitpunkt: Zeitpunkt


class Bezug(Teil):
    """The case that is referred to: by the portal's reference, the authority's file number, or one of its messages."""

    referenz: UUID | None = None
    vorgang: Zeile | None = None
    bezug_nachricht: Nachrichtenbezug | None = None


class BezugDaten(Teil):
    """A case without file number, known by its dates."""

    datum_eingereicht: Datum | None = None
    datum_baubeginnanzeige: Datum | None = None
    datum_genehmigung_erteilt: Datum | None = None


class BezugAnzeige(Teil):
    """The permit that a notice belongs to."""

    mit_aktenzeichen: Bezug | None = None
    ohne_aktenzeichen: BezugDaten | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "mit_aktenzeichen", "ohne_aktenzeichen")
        return self


class Abweichung(Teil):
    """A deviation applied for (list abweichungart); `id` is given by the portal."""

    id: UUID
    art: Code
    vorschrift: Absatz | None = None
    beschreibung: Absatz | None = None
    begruendung: Absatz | None = None


class Erleichterung(Teil):
    """A relief asked for; `id` is given by the portal."""

    id: UUID
    gegenstand: Schluessel
    beschreibung: Absatz
    begruendung: Absatz | None = None


class NachbarbeteiligungForm(Teil):
    """How neighbours take part."""

    oeffentliche_bekanntmachung: StrictBool | None = None
    oeffentlichkeitsbeteiligung_verpflichtend: StrictBool | None = None
    zustellung_positiver_bescheid_an_nachbarn: StrictBool | None = None


class Einwilligung(Teil):
    """The consent to publish (list oeffentlichebekanntmachung): as such, or by its kinds."""

    einwilligung_oeffentliche_bekanntmachung: Literal[True] | None = None
    einwilligung_oeffentliche_bekanntmachung_art: tuple[Code, ...] | None = Field(None, min_length=1, max_length=5)

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "einwilligung_oeffentliche_bekanntmachung", "einwilligung_oeffentliche_bekanntmachung_art")
        return self


class BezugVorgang(Teil):
    """Another case of the same authority, by its file number."""

    vorgang: Zeile


class BezugVorbescheid(Teil):
    """A preliminary decision, by file number and date."""

    vorgang: Zeile
    datum: Datum | None = None
    referenz: UUID | None = None


class Prozessmerkmale(Teil):
    """What the procedure looks like."""

    verfahrensart: Schluessel | None = None
    absehen_nachbarbeteiligung_beantragt: StrictBool | None = None
    nachbarbeteiligung_form: NachbarbeteiligungForm | None = None
    einwilligung: Einwilligung | None = None
    nachtragsbaugenehmigung: BezugVorgang | None = None
    vorbescheid: BezugVorbescheid | None = None
    bauberatung: BezugVorgang | None = None
    ist_referenzgebaeude: Literal[True] | None = None


class Antrag(Teil):
    """What an applicant applies for or gives notice of, in one procedure."""

    PROCEDURE: ClassVar[Procedure]
    UNSENT: ClassVar[frozenset[str]] = frozenset({"identitaet"})

    identitaet: Identitaet | None = None

    @property
    def number(self) -> str:
        """The number of the XBau message."""
        return self.PROCEDURE.number


class Baugenehmigung(Antrag):
    """Application for a building permit (0200)."""

    PROCEDURE = Procedure.BUILDING_PERMIT
    antragsteller: tuple[Akteur, ...] = Field(min_length=1, max_length=50)
    prozessmerkmale: Prozessmerkmale | None = None
    bauvorhaben: Bauvorhaben
    beantragte_abweichung: tuple[Abweichung, ...] = Field((), max_length=100)
    angefragte_erleichterung: tuple[Erleichterung, ...] = Field((), max_length=100)


class BeantragterVorbescheid(Teil):
    """One preliminary question (list vorbescheidbetreff)."""

    art_der_frage: Code | None = None
    vorbescheidfrage: Absatz
    beantragte_abweichung: tuple[Abweichung, ...] = Field((), max_length=100)
    angefragte_erleichterung: tuple[Erleichterung, ...] = Field((), max_length=100)


class Vorbescheid(Antrag):
    """Application for a preliminary decision (0210)."""

    PROCEDURE = Procedure.PRELIMINARY_DECISION
    antragsteller: tuple[Akteur, ...] = Field(min_length=1, max_length=50)
    prozessmerkmale: Prozessmerkmale | None = None
    beantragter_vorbescheid: tuple[BeantragterVorbescheid, ...] = Field(min_length=1, max_length=50)
    bauvorhaben: Bauvorhaben


class IsolierteAbweichung(Antrag):
    """Application for deviations alone (0220)."""

    PROCEDURE = Procedure.DEVIATION
    antragsteller: tuple[Akteur, ...] = Field(min_length=1, max_length=50)
    prozessmerkmale: Prozessmerkmale | None = None
    beantragte_abweichung: tuple[Abweichung, ...] = Field(min_length=1, max_length=100)
    bauvorhaben: Bauvorhaben


class Teilbaugenehmigung(Antrag):
    """Application for a partial permit (0230)."""

    PROCEDURE = Procedure.PARTIAL_PERMIT
    antragsteller: tuple[Akteur, ...] = Field(min_length=1, max_length=50)
    bezug: Bezug
    bauvorhaben: Bauvorhaben


class Verlaengerung(Antrag):
    """Application to extend a permit (0260)."""

    PROCEDURE = Procedure.EXTENSION
    antragsteller: tuple[Akteur, ...] = Field(min_length=1, max_length=50)
    bezug: Bezug
    begehrte_verlaengerung: Datum | None = None


class Genehmigungsfreistellung(Antrag):
    """Notice of a project that needs no permit (0600)."""

    PROCEDURE = Procedure.PERMIT_EXEMPTION
    anzeigender: tuple[Akteur, ...] = Field(min_length=1, max_length=50)
    bauvorhaben: Bauvorhaben
    als_bauantrag_weiterzufuehren: StrictBool
