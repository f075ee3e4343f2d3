"""Random but well-formed submissions: the JSON value of any model, drawn from a seed."""

from __future__ import annotations

import random
import types
import typing
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from gateway.domain.procedure import Procedure
from gateway.xbau.antrag import FOLLOWUPS, MODELS

ONE_OF = (
    ("natuerliche_person", "organisation"),
    ("nummer", "bezeichnung"),
    ("nummer_bebauungsplan", "bezeichnung_bebauungsplan"),
    ("nummern_kammer", "mitgliedsnummer_bundesland"),
    ("code", "nicht_gelisteter_wert"),
    ("art_des_wohngebaeudes", "art_des_nichtwohngebaeudes", "art_der_sonstigen_anlage"),
    ("mit_aktenzeichen", "ohne_aktenzeichen"),
    ("baubeginn", "ausfuehrung_bauabschnitt", "wiederaufnahme_bauarbeiten"),
    ("einwilligung_oeffentliche_bekanntmachung", "einwilligung_oeffentliche_bekanntmachung_art"),
)
WANTED = (
    "anrede",
    "anzahl_der_gebaeude",
    "begruendung",
    "beschreibung",
    "gebuehrenpflichtiger",
    "nachweise",
    "vorschrift",
)
"""What most releases need, though the model can do without."""

CODES: dict[str, tuple[str, ...]] = {
    "kanal": ("01", "02", "03"),
    "gericht_schluessel": ("R3306", "R2713"),
    "kammer": ("01", "02", "31"),
    "grundlage_bauvorlage_berechtigung": ("1", "8"),
    "art_des_bauherrn": ("1", "8"),
    "art_des_anzeigenden": ("2", "7"),
    "art_des_eigentuemers": ("3",),
    "art_des_wohngebaeudes": ("1", "3"),
    "art_des_nichtwohngebaeudes": ("111", "500", "999"),
    "gebaeudeklasse": ("1", "5"),
    "mbo_gebaeudeklasse": ("2", "4"),
    "sonderbau": ("010", "072", "200"),
    "garage": ("1", "3"),
    "art_des_baudenkmals": ("1", "3"),
    "art_des_bautechnischen_nachweises": ("1", "5"),
    "art_der_massnahme": ("10", "11", "12", "13", "14", "20", "30"),
    "art": ("1", "2", "3"),
    "art_der_frage": ("1", "3"),
    "alter_des_gebaeudes": ("1", "8"),
    "umfang_des_abgangs": ("1", "2"),
    "ursache_des_abgangs": ("1", "9"),
    "status_sozialer_wohnungsbau": ("001", "005"),
    "einwilligung_oeffentliche_bekanntmachung_art": ("1", "2"),
    "nachrichtentyp": ("0201", "0203"),
}
KNOWN = {
    "bundesland": "05",
    "bescheinigt_in": "05",
    "staat": "000",
    "niederlassung_staat": "151",
    "gemeindeschluessel": "05315000",
    "listen_uri": "urn:de:beispiel:codeliste:verfahren",
    "listen_version": "1.0",
    "voraussichtliche_fertigstellung": "2027-05",
    "abgangszeitraum_datum": "2026-09",
    "code": "64.1",
}
PLAIN_WORDS = ("Köln", "Müller & Söhne", "§ 34 BauGB", "Haus <A>", "Straße", "½ Etage", "5 m²")
WORDS = (
    "Köln",
    "Müller & Söhne",
    "§ 34 BauGB",
    "Haus <A>",
    'Zum "Anker"',
    "½ Etage",
    "Łódź",
    "Şahin",
    "C̈ x",
    "a–b",
    "ẞ 5 m²",
    "A-B, C/D; E+F: (G) [H] {I} ~^|\\ * # @ $ % = ? ! _ ` 'K' L.",
)
LINES = (*WORDS, "Erste Zeile\nZweite Zeile", "•  Punkt → Ziel", "Größe ≤ 3\r\n\r\nEnde")


def random_antrag(procedure: Procedure, seed: int) -> dict[str, Any]:
    """Return a well-formed `antrag` of a procedure; the same seed gives the same."""
    return _Drawer(seed).model(MODELS[procedure])


def random_followup(number: str, seed: int) -> dict[str, Any]:
    """Return a well-formed message about a running case."""
    value = _Drawer(seed).model(FOLLOWUPS[number])
    if number == "1130":
        value.get("bezug", {}).pop("bezug_nachricht", None)
    return value


@dataclass(frozen=True)
class _Hint:
    """What a field takes: one of `choices`, several of `many`, a `model`, or a `plain` value with `metadata`."""

    choices: tuple[Any, ...] = ()
    many: _Hint | None = None
    model: type[BaseModel] | None = None
    plain: Any = None
    long: bool = False


@cache
def _hints(model: type[BaseModel]) -> dict[str, _Hint]:
    hints = typing.get_type_hints(model, include_extras=True)
    return {name: _read(hints[name], field.metadata) for name, field in model.model_fields.items()}


def _read(hint: Any, metadata: typing.Sequence[Any] = ()) -> _Hint:
    if get_origin(hint) is typing.Annotated:
        base, *more = get_args(hint)
        return _read(base, [*more, *metadata])
    if get_origin(hint) in (typing.Union, types.UnionType):
        return _read(next(one for one in get_args(hint) if one is not type(None)), metadata)
    if get_origin(hint) is Literal:
        return _Hint(choices=get_args(hint))
    if get_origin(hint) is tuple:
        return _Hint(many=_read(get_args(hint)[0]))
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _Hint(model=hint)
    return _Hint(plain=hint, long=any(getattr(one, "max_length", None) == 20_000 for one in metadata))


class _Drawer:
    """Draws values; deeper parts become rarer, so that every submission ends."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.words: tuple[str, ...] = WORDS if seed % 2 else PLAIN_WORDS
        self.lines: tuple[str, ...] = LINES if seed % 2 else PLAIN_WORDS
        self.people = [UUID(int=self.random.getrandbits(128), version=4) for _ in range(6)]

    def model(self, model: type[BaseModel], depth: int = 0) -> dict[str, Any]:
        """Return the JSON value of a model."""
        hints = _hints(model)
        dropped: set[str] = set()
        kept: set[str] = set()
        for names in ONE_OF:
            if set(names) <= model.model_fields.keys():
                chosen = self.random.choice(names)
                kept.add(chosen)
                dropped |= {name for name in names if name != chosen}
        if model.__name__ in ("NameNatuerlichePerson", "Anschrift"):
            kept.add(self.random.choice(("familienname", "vorname") if "Name" in model.__name__ else ("ort",)))
        value: dict[str, Any] = {}
        for name, field in model.model_fields.items():
            rare = self.random.random() > (0.9 if name in WANTED else 0.4)
            if name in dropped or (not field.is_required() and name not in kept and rare):
                continue
            value[name] = self.value(hints[name], name, depth + 1)
        if model.__name__ == "WeitereBeteiligte":
            value |= {"rolle": {"code": "04"}, "fachrichtung": {"code": "2"}}
        return value

    def value(self, hint: _Hint, name: str, depth: int) -> Any:
        """Return a value of a field."""
        if hint.choices:
            return self.random.choice(hint.choices)
        if hint.many is not None:
            most = 2 if depth < 5 else 1
            return [self.value(hint.many, name, depth) for _ in range(self.random.randint(1, most))]
        if hint.model is not None:
            return self.model(hint.model, depth)
        return self.plain(hint.plain, name, hint.long)

    def plain(self, hint: Any, name: str, long: bool) -> Any:
        """Return a single value."""
        if hint is str:
            return self.text(name, long)
        if hint is bool:
            return self.random.random() < 0.5
        if hint is int:
            return self.random.randint(1, 900)
        if hint is Decimal:
            return self.random.choice(("0", "12.5", "0.25", 7, "123456.78"))
        if hint is UUID:
            return str(
                self.random.choice(self.people) if name == "id" else UUID(int=self.random.getrandbits(128), version=4)
            )
        if name == "erstellungszeitpunkt":
            return "2026-03-01T10:00:00+01:00"
        return f"20{self.random.randint(10, 29)}-0{self.random.randint(1, 9)}-1{self.random.randint(0, 9)}"

    def text(self, name: str, long: bool) -> str:
        """Return a text that fits the field: a code, a number in the form it wants, or words."""
        if name in CODES:
            return self.random.choice(CODES[name])
        if name in KNOWN:
            return KNOWN[name]
        if name in ("nummer", "flur", "zaehler", "nenner", "folge", "nummer_bebauungsplan") or "mitglieds" in name:
            return str(self.random.randint(1, 9999))
        if name == "personennummer":
            return f"P {self.random.randint(1, 99)}"
        return " ".join(self.random.choices(self.lines if long else self.words, k=self.random.randint(1, 3)))
