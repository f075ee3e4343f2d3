"""Finds the heading of a survey table and what each column means, with how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.domain.procedure import Procedure
from gateway.survey.table import Cell, Table, unreadable
from gateway.survey.words import folded, likeness

KEY, DVDV, NAME = "key", "dvdv", "name"
OPTION, PROCEDURES, RELEASE, ADAPTER, REDIRECT_URL, NOTE = (
    "option",
    "procedures",
    "release",
    "adapter",
    "redirect_url",
    "note",
)
IDENTIFYING = (KEY, DVDV, NAME)
ANSWERS = (OPTION, PROCEDURES, RELEASE, ADAPTER, REDIRECT_URL, NOTE)
ON = "procedure:"
"""A column of its own for one procedure, ticked or not: `procedure:baugenehmigung`."""

LABELS: Mapping[str, str] = {
    KEY: "Schlüssel (AGS)",
    DVDV: "DVDV-Schlüssel",
    NAME: "Behörde",
    OPTION: "Option",
    PROCEDURES: "Verfahren",
    RELEASE: "XBau-Version",
    ADAPTER: "Übertragungsweg",
    REDIRECT_URL: "Adresse des Online-Dienstes",
    NOTE: "Bemerkung",
    **{f"{ON}{procedure}": f"Verfahren „{procedure.label}“" for procedure in Procedure},
}

_NAMES: Mapping[str, tuple[str, ...]] = {
    KEY: ("ags", "gemeindeschluessel", "amtlicher gemeindeschluessel", "schluessel", "kennziffer", "key", "authority"),
    DVDV: ("dvdv", "dvdv schluessel", "dvdv key", "dvdv kennung"),
    NAME: (
        "behoerde",
        "name",
        "name der behoerde",
        "bauaufsichtsbehoerde",
        "untere bauaufsichtsbehoerde",
        "bauaufsicht",
        "kommune",
        "gemeinde",
        "stadt gemeinde",
        "gemeinde stadt",
        "ort",
        "stadt kreis",
        "stadt",
        "kreis stadt",
        "gebietskoerperschaft",
    ),
    OPTION: (
        "option",
        "teilnahme",
        "art der teilnahme",
        "teilnahmeart",
        "teilnahmeoption",
        "variante",
        "gewaehlte option",
    ),
    PROCEDURES: ("verfahren", "procedures", "freigeschaltete verfahren", "antragsarten", "welche verfahren"),
    RELEASE: ("xbau", "xbau version", "xbau release", "release", "version"),
    ADAPTER: ("weg", "uebertragungsweg", "schnittstelle", "adapter", "empfangsweg", "technischer weg", "anbindung"),
    REDIRECT_URL: (
        "url",
        "link",
        "adresse",
        "internetadresse",
        "online dienst",
        "adresse des online dienstes",
        "weiterleitung",
        "umleitung",
        "eigener online dienst",
        "redirect url",
    ),
    NOTE: ("bemerkung", "bemerkungen", "anmerkung", "anmerkungen", "hinweis", "kommentar", "note"),
    **{f"{ON}{procedure}": (folded(procedure.label), folded(procedure.value)) for procedure in Procedure},
}
_LOOKS: Mapping[str, re.Pattern[str]] = {
    KEY: re.compile(r"0?5\d{6}(\d{4})?"),
    DVDV: re.compile(r"bab:\d{5}(\d{3})?", re.IGNORECASE),
    OPTION: re.compile(r"(option )?(1|2|3 ?[ab])", re.IGNORECASE),
    REDIRECT_URL: re.compile(r"https?://\S+", re.IGNORECASE),
}
_HEADING_WITHIN = 20
_SURE_ENOUGH = 0.7


@dataclass(frozen=True, slots=True)
class Column:
    """What a column was taken for: `field` one of this module's names or empty (left out), `confidence` 0 to 1."""

    number: int
    heading: str
    field: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table; `heading_row` counts from 1."""

    heading_row: int
    columns: tuple[Column, ...]

    def column(self, field: str) -> Column | None:
        """Return the column that was taken for a field."""
        return next((column for column in self.columns if column.field == field), None)


def layout_of(table: Table, chosen: Mapping[int, str] | None = None) -> Layout:
    """Return the layout; `chosen` is what a person decided about columns (number from 1 → field, "" leaves it out).

    Raises:
        RoutingError: BODY_UNREADABLE when no heading, nobody to recognise, or no answer is found.
    """
    number, heading = max(enumerate(table.rows[:_HEADING_WITHIN], start=1), key=lambda row: (_worth(row[1]), -row[0]))
    columns = _assigned(heading, table.rows[number:], chosen or {})
    found = {column.field for column in columns}
    if not found.intersection(IDENTIFYING):
        raise unreadable("Keine Spalte nennt die Behörde (AGS, DVDV-Schlüssel oder Name).", _seen(heading))
    if not any(field in ANSWERS or field.startswith(ON) for field in found):
        raise unreadable("Keine Spalte enthält eine Antwort (zum Beispiel „Option“ oder „Verfahren“).", _seen(heading))
    return Layout(number, columns)


def _seen(heading: Sequence[Cell]) -> str:
    texts = ", ".join(f"„{cell.text[:30]}“" for cell in heading[:12] if cell)
    return f"Gelesene Überschriften: {texts or 'keine'}. Bitte die Überschriften ergänzen oder die Spalten zuordnen."


def _worth(row: Sequence[Cell]) -> float:
    return sum(max((score for _, score in _scores(cell.text)), default=0.0) for cell in row if cell)


def _assigned(
    heading: Sequence[Cell], below: Sequence[Sequence[Cell]], chosen: Mapping[int, str]
) -> tuple[Column, ...]:
    """Give each field the column that fits best, each column at most one field, the surest pair first."""
    taken: dict[int, tuple[str, float]] = {
        number: (field, 1.0) for number, field in chosen.items() if field in (*LABELS, "")
    }
    given = {field for field, _ in taken.values() if field}
    pairs = [
        (score, -number, field)
        for number, cell in enumerate(heading, start=1)
        if number not in taken
        for field, score in (*_scores(cell.text), *_scores_of_values(number, below))
    ]
    for score, minus, field in sorted(pairs, reverse=True):
        if score >= _SURE_ENOUGH and field not in given and -minus not in taken:
            taken[-minus] = (field, score)
            given.add(field)
    width = max([len(heading), *taken])
    texts = [heading[number].text if number < len(heading) else "" for number in range(width)]
    return tuple(Column(number, text, *taken.get(number, ("", 0.0))) for number, text in enumerate(texts, start=1))


def _scores(text: str) -> Iterator[tuple[str, float]]:
    """Yield what a heading may mean: 1.0 the very word, 0.9 the word among others, less for a similar one."""
    words = folded(text)[:200]
    if not words:
        return
    for field, names in _NAMES.items():
        if words in names:
            yield field, 1.0
        elif any(f" {name} " in f" {words} " for name in names):
            yield field, 0.9 if len(words.split()) <= 6 else 0.75
        else:
            best = max(likeness(words, name) for name in names)
            if best >= 0.8:
                yield field, round(best * 0.9, 2)


def _scores_of_values(number: int, below: Sequence[Sequence[Cell]]) -> Iterator[tuple[str, float]]:
    """Yield what the values of a column look like, whatever stands above them."""
    texts = [row[number - 1].text for row in below if len(row) >= number and row[number - 1].text]
    if len(texts) < 3:
        return
    for field, looks in _LOOKS.items():
        share = sum(looks.fullmatch(text) is not None for text in texts) / len(texts)
        if share >= 0.8:
            yield field, 0.7
