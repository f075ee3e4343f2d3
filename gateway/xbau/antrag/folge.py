"""Messages from the portal about a running case: 0202, 1130 and 1142."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gateway.xbau.antrag.base import Absatz, Teil
from gateway.xbau.antrag.bauvorhaben import Bauvorhaben
from gateway.xbau.antrag.verfahren import Abweichung, Bezug, Erleichterung, Prozessmerkmale


class Followup(Teil):
    """A message about a running case; `bezug` is filled from the case where it is silent."""

    NUMBER: ClassVar[str]

    bezug: Bezug = Bezug()

    @property
    def number(self) -> str:
        """The number of the XBau message."""
        return self.NUMBER


class AntragGeaendert(Followup):
    """The changed or completed application (0202)."""

    NUMBER = "0202"
    prozessmerkmale: Prozessmerkmale | None = None
    beantragte_abweichung: tuple[Abweichung, ...] = Field((), max_length=100)
    angefragte_erleichterung: tuple[Erleichterung, ...] = Field((), max_length=100)
    bauvorhaben_aenderungsdaten: Bauvorhaben | None = None


class Ruecknahme(Followup):
    """The withdrawal of an application (1130); it refers to the case, never to a message."""

    NUMBER = "1130"
    information: Absatz | None = None

    @model_validator(mode="after")
    def _no_message(self) -> Self:
        if self.bezug.bezug_nachricht is not None:
            raise PydanticCustomError(
                "not_here", "Eine Rücknahme bezieht sich auf den Vorgang, nicht auf eine Nachricht."
            )
        return self


class Anschreiben(Teil):
    """The text of a letter."""

    text_unformatiert: Absatz


class FachlicheKommunikation(Followup):
    """A letter about the case (1142)."""

    NUMBER = "1142"
    anschreiben: Anschreiben
