"""What `bauweiche authorities` prints: a table of 80 columns, a sheet for one authority, and the JSON of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.domain.actors import spoken
from gateway.domain.authority import Authority, EditionPlan, Move
from gateway.domain.calendar import written_date, written_moment
from gateway.domain.counting import counted
from gateway.domain.participation import (
    PROTECTION_TITLES,
    Difference,
    Option,
    Participation,
    Phase,
    Protection,
    in_force,
    to_json,
)
from gateway.domain.procedure import Procedure

_SYMBOLS = {Phase.LIVE: "●", Phase.TEST: "◐", Phase.PAUSED: "‖", Phase.ENDED: "○", Phase.NOT_CONNECTED: "○"}
_WIDTHS = (8, 23, 3, 12, 11, 7, 10)
_HEAD = ("Key", "Behörde", "Krs", "Option", "Weg", "XBau", "Stufe")
_FIELDS = {
    "option": "Option",
    "procedures": "Verfahren",
    "release": "XBau",
    "adapter": "Weg",
    "settings": "Einstellungen",
    "protection": "Schutz",
    "phase": "Stufe",
    "redirect_url": "Adresse",
    "size_limit": "Höchstgröße",
    "list_posted_plans": "Pläne per Post nennen",
    "certificates": "Zertifikate",
}


@dataclass(frozen=True, slots=True)
class Row:
    """An authority and how it takes part on the day asked about, None if nothing is known."""

    authority: Authority
    participation: Participation | None


def option_text(participation: Participation | None) -> str:
    """Return `1 mit Plänen`, or a dash where nothing is known."""
    return f"{participation.option} {participation.option.label}" if participation else "–"


def phase_text(participation: Participation | None) -> str:
    """Return symbol and word of the phase: `● live`."""
    if participation is None or not participation.option.accepts:
        return "○ –"
    return f"{_SYMBOLS[participation.phase]} {participation.phase.label}"


def overview(rows: Sequence[Row], on: date, edition: str) -> str:
    """Return the table, at most 80 columns wide, with a line that counts the options."""
    lines = [_line(_HEAD), *map(_line, map(_cells, rows))]
    counts = ", ".join(f"{option} {option.label}: {_count(rows, option)}" for option in Option)
    unknown = sum(row.participation is None for row in rows)
    lines += [
        "",
        f"{counted(len(rows), 'Behörde', 'Behörden')} am {written_date(on)}, Verzeichnis {edition}.",
        f"{counts}, offen: {unknown}.",
    ]
    return "\n".join(lines) + "\n"


def row_json(row: Row) -> dict[str, Any]:
    """Return the JSON form of a row."""
    authority = row.authority
    return {
        "key": authority.key,
        "dvdv_key": authority.dvdv_key,
        "name": authority.name,
        "title": authority.title,
        "kind": authority.kind.value,
        "kreis": authority.kreis_name,
        "kreis_abbr": authority.kreis_abbr,
        "district": authority.district,
        "population": authority.population,
        "confidence": authority.confidence,
        "note": authority.note,
        "participation": to_json(row.participation) if row.participation else None,
    }


def sheet(authority: Authority, towns: Sequence[str], history: Sequence[Participation], on: date) -> str:
    """Return everything about one authority as lines for people."""
    held = in_force(history, on)
    lines = [
        f"{authority.title}  {authority.key} · {authority.dvdv_key}",
        f"{authority.kind.label} ({authority.kreis_abbr}), {_place(authority)}",
        *_wrapped("Gemeinden", ", ".join(towns) or "keine in diesem Verzeichnis"),
        *(_wrapped("Hinweis", authority.note) if authority.note else []),
        "",
        *(_details(held, on) if held else [f"Am {written_date(on)} ist keine Teilnahme eingetragen."]),
    ]
    if history:
        lines += ["", "Verlauf"]
        lines += [_history_line(value, value is held) for value in sorted(history, key=lambda each: each.valid_from)]
    return "\n".join(lines) + "\n"


def difference_lines(differences: Iterable[Difference]) -> list[str]:
    """Return one line for each field that changes for people: `Option: 2 ohne Pläne → 1 mit Plänen`."""
    texts = (
        (_FIELDS[each.name], _value(each.name, each.before), _value(each.name, each.after)) for each in differences
    )
    return [f"{name}: {before} → {after}" for name, before, after in texts if before != after]


def plan_lines(plan: EditionPlan) -> list[str]:
    """Return which edition holds from when."""
    return [f"{written_date(begin)}  {name}" for begin, name in sorted(plan.steps)] or ["immer       212"]


def move_lines(moves: Iterable[Move], names: dict[str, str]) -> list[str]:
    """Return who gives which municipalities to whom."""
    return [
        f"{', '.join(names.get(ags, ags) for ags in move.municipalities)}: "
        f"{names.get(move.giver, move.giver)} → {names.get(move.taker, move.taker)}"
        for move in moves
    ]


def _place(authority: Authority) -> str:
    within = authority.kreis_name if authority.kreis_name not in (authority.name, authority.title) else ""
    return ", ".join(filter(None, (within, f"Regierungsbezirk {authority.district}")))


def _count(rows: Iterable[Row], option: Option) -> int:
    return sum(row.participation is not None and row.participation.option is option for row in rows)


def _cells(row: Row) -> tuple[str, ...]:
    authority, held = row.authority, row.participation
    way = (held.adapter, held.release) if held and held.option.accepts else ("", "")
    return (
        authority.key,
        authority.name,
        authority.kreis_abbr,
        option_text(held),
        way[0] or "–",
        way[1] or "–",
        phase_text(held),
    )


def _line(cells: Iterable[str]) -> str:
    return " ".join(_fit(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def _details(value: Participation, on: date) -> list[str]:
    lines = [
        f"{'Option':14}{option_text(value)} (gilt am {written_date(on)}, seit {written_date(value.valid_from)})",
        f"{'Stufe':14}{phase_text(value)}",
        *_wrapped("Verfahren", ", ".join(each.label for each in Procedure if each in value.procedures) or "–"),
        f"{'XBau':14}{value.release or '–'}",
        f"{'Weg':14}{value.adapter or '–'}, {PROTECTION_TITLES[value.protection]}",
        *(f"{'':14}{name} = {setting}" for name, setting in value.settings.items()),
        f"{'Höchstgröße':14}{value.size_limit / 10**6:g} MB",
    ]
    optional = (("Adresse", value.redirect_url), ("Quelle", value.source), ("Bemerkung", value.note))
    lines += [line for label, text in optional if text for line in _wrapped(label, text)]
    if value.changed_at:
        lines.append(f"{'Geändert':14}{written_moment(value.changed_at)} von {spoken(value.changed_by)}")
    return lines


def _history_line(value: Participation, held: bool) -> str:
    mark = "▸" if held else " "
    source = f"  {value.source}" if value.source else ""
    head = f"{mark} ab {written_date(value.valid_from)}  {option_text(value):13}{phase_text(value):11}"
    return (head + source).rstrip()


def _wrapped(label: str, text: str, width: int = 66) -> list[str]:
    """Return a labelled text broken at spaces, so that no line is wider than 80 columns where it can be helped."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [f"{label if number == 0 else '':14}{line}" for number, line in enumerate(lines)]


def _value(name: str, value: Any) -> str:
    """Return the JSON value of a field as people read it."""
    if value in (None, "", [], {}):
        return "–"
    match name:
        case "option":
            return f"{value} {Option(value).label}"
        case "procedures":
            return ", ".join(Procedure(each).label for each in value)
        case "phase":
            return Phase(value).label
        case "protection":
            return PROTECTION_TITLES[Protection(value)]
        case "size_limit":
            return f"{value / 10**6:g} MB"
        case "list_posted_plans":
            return "ja" if value else "nein"
        case "certificates":
            return ", ".join(f"{each[:12]}…" for each in value)
        case "settings":
            return ", ".join(f"{key} = {setting}" for key, setting in value.items())
        case _:
            return str(value)
