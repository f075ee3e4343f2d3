"""What all parts of an `antrag` share: frozen, nothing unknown, texts without characters that XML forbids."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

_ISO = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}(?!\d)")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _readable(text: str) -> str:
    """Return `text` if every character of it may stand in XML 1.0."""
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        raise PydanticCustomError(
            "characters", "Das Zeichen U+{point} ist nicht zulässig.", {"point": f"{ord(bad[0]):04X}"}
        )
    return text


def _line(text: str) -> str:
    """Return a one-line `text` with its white space folded; something must be left."""
    folded = " ".join(_readable(text).split())
    if not folded:
        raise PydanticCustomError("blank", "Der Text darf nicht leer sein.")
    return folded


def _written(value: Any) -> Any:
    """Return a day or moment that is written out; a bare number of seconds is not one."""
    if isinstance(value, date | datetime) or (isinstance(value, str) and _ISO.match(value)):
        return value
    raise PydanticCustomError("written_date", "Schreiben Sie Datum und Zeit nach ISO 8601, zum Beispiel 2026-05-01.")


Zeile = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_line)]
"""One line of text."""

Absatz = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000), AfterValidator(_readable)
]
"""Running text; every line becomes a paragraph."""

Nummer = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9ÄÖÜäöüß][A-Za-z0-9ÄÖÜäöüß ._/\-]{0,49}$")
]
"""A number as people write it: letters, digits and a few separators."""

Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-/]{0,49}$")]
"""A value of a code list; which values there are depends on the release."""

Monat = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$")]
"""Year and month, `2026-05`."""

Datum = Annotated[date, BeforeValidator(_written)]
"""A day, `2026-05-01`."""

Zeitpunkt = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A moment with its zone, `2026-05-01T12:00:00+02:00`."""


class Teil(BaseModel):
    """A part of an `antrag`: its field names are the XBau element names in snake case."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=20_000, hide_input_in_errors=True)

    UNSENT: ClassVar[frozenset[str]] = frozenset()
    """Fields that no XBau message has a place for."""

    TOLD: ClassVar[frozenset[str]] = frozenset()
    """Fields whose absence the message states (`nichtVorhanden`)."""


class Schluessel(Teil):
    """A value of a code list that the portal names itself, because XBau leaves list and version open."""

    code: Code
    listen_uri: Annotated[str, StringConstraints(pattern=r"^urn:[a-z0-9][a-z0-9\-]+:[!-~]{1,200}$")]
    listen_version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.\-]{0,29}$")]


def exactly_one(part: Any, *fields: str) -> None:
    """Raise unless exactly one of the fields is set."""
    if sum(getattr(part, field) is not None for field in fields) != 1:
        raise PydanticCustomError(
            "one_of", "Geben Sie genau eine dieser Angaben an: {fields}.", {"fields": ", ".join(fields)}
        )
