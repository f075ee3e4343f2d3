"""Procedures (Verfahren) that an authority can be switched on for."""

from __future__ import annotations

from enum import StrEnum


class Procedure(StrEnum):
    """A procedure, by its German name in plain ASCII; `number` is the XBau message that opens it."""

    BUILDING_PERMIT = "baugenehmigung"
    PRELIMINARY_DECISION = "vorbescheid"
    DEVIATION = "abweichung"
    PARTIAL_PERMIT = "teilbaugenehmigung"
    EXTENSION = "verlaengerung"
    PERMIT_EXEMPTION = "genehmigungsfreistellung"
    START_OF_WORK = "baubeginn"
    START_OF_USE = "nutzungsaufnahme"
    DEMOLITION = "beseitigung"

    @property
    def number(self) -> str:
        """The four digits of the XBau message that opens the procedure."""
        return NUMBERS[self]

    @property
    def label(self) -> str:
        """The German name as people read it."""
        return LABELS[self]


NUMBERS: dict[Procedure, str] = {
    Procedure.BUILDING_PERMIT: "0200",
    Procedure.PRELIMINARY_DECISION: "0210",
    Procedure.DEVIATION: "0220",
    Procedure.PARTIAL_PERMIT: "0230",
    Procedure.EXTENSION: "0260",
    Procedure.PERMIT_EXEMPTION: "0600",
    Procedure.START_OF_WORK: "0900",
    Procedure.START_OF_USE: "0910",
    Procedure.DEMOLITION: "0950",
}

LABELS: dict[Procedure, str] = {
    Procedure.BUILDING_PERMIT: "Baugenehmigung",
    Procedure.PRELIMINARY_DECISION: "Vorbescheid",
    Procedure.DEVIATION: "Abweichung",
    Procedure.PARTIAL_PERMIT: "Teilbaugenehmigung",
    Procedure.EXTENSION: "Verlängerung",
    Procedure.PERMIT_EXEMPTION: "Genehmigungsfreistellung",
    Procedure.START_OF_WORK: "Anzeige des Baubeginns",
    Procedure.START_OF_USE: "Anzeige der Nutzungsaufnahme",
    Procedure.DEMOLITION: "Anzeige der Beseitigung",
}
