"""The tabs of one authority: each is a list made from what is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tui import signs
from tui.facts import actor_of, said, who
from tui.formats import age, day, full, size
from tui.forms import defaults_of, from_schema
from tui.screens.authority.seen import Line, Seen
from tui.tables import Cell, Column, Table
from tui.texts import Texts


@dataclass(frozen=True, slots=True)
class Tab:
    """One list: its columns and its rows."""

    table: Callable[[Seen, Texts], Table[Line]]
    rows: Callable[[Seen, Texts], Sequence[Line]]


def _column(name: str, width: int, text: str | None = None, **given: object) -> Column[Line]:
    field = text or name
    return Column(name, width, lambda line: str(line.get(field) or ""), **given)  # type: ignore[arg-type]  # passed on


# -- participation ----------------------------------------------------------------------------------------------------


def _participation_table(_: Seen, texts: Texts) -> Table[Line]:
    columns = (
        Column[Line]("since", 10, lambda line: Cell(line["since"], line["tone"])),
        Column[Line]("valid_from", 10, lambda line: day(str(line["valid_from"])), lambda line: line["valid_from"]),
        Column[Line]("option", 12, lambda line: signs.option(str(line["option"]), texts)),
        Column[Line]("phase", 16, lambda line: signs.phase(str(line["phase"]), texts)),
        Column[Line]("adapter", 11, lambda line: signs.way(str(line["adapter"]), "", texts)),
        Column[Line]("release", 7, lambda line: str(line["release"] or "–"), rank=1),
        Column[Line]("procedures", 3, lambda line: str(len(line["procedures"])), rank=2, right=True),
        Column[Line]("source", 14, lambda line: str(line["source"]), rank=3, grow=1),
        Column[Line]("changed_by", 16, lambda line: who(str(line["changed_by"])), rank=4),
    )
    return Table("authority.participation", lambda line: str(line["valid_from"]), columns)


def _participation_rows(seen: Seen, texts: Texts) -> Sequence[Line]:
    if seen.detail is None:
        return []
    coming = [one.get("valid_from") for one in seen.detail.upcoming]
    present = seen.current().get("valid_from")
    rows = []
    for one in seen.changes:
        word = "coming" if one.get("valid_from") in coming else "now" if one.get("valid_from") == present else "past"
        sign, tone = {"coming": ("◷", "accent"), "now": ("●", "good"), "past": ("·", "muted")}[word]
        rows.append(dict(one) | {"since": f"{sign} {texts(f'authority.since.{word}')}", "tone": tone})
    return rows


# -- procedures -------------------------------------------------------------------------------------------------------


def _procedures_table(seen: Seen, texts: Texts) -> Table[Line]:
    coming = sorted(str(one["valid_from"]) for one in (seen.detail.upcoming if seen.detail else []))[:3]
    columns = [
        Column[Line]("label", 28, lambda line: Cell(str(line["label"]), "strong"), grow=1),
        _column("number", 6),
        Column[Line]("now", 12, lambda line: _on(line["on"].get(""), texts)),
    ]
    for at, begin in enumerate(coming):
        title = texts("authority.from", day=day(begin))
        columns.append(
            Column[Line](f"coming{at}", 14, lambda line, begin=begin: _on(line["on"].get(begin), texts), title=title)  # type: ignore[misc]  # the loop's value is bound on purpose
        )
    return Table("authority.procedures", lambda line: str(line["name"]), tuple(columns))


def _on(switched: object, texts: Texts) -> Cell:
    return Cell(f"● {texts('shell.yes')}", "good") if switched else Cell(f"○ {texts('shell.no')}", "muted")


def _procedures_rows(seen: Seen, _: Texts) -> Sequence[Line]:
    settings = {"": seen.current()} | {
        str(one["valid_from"]): one for one in (seen.detail.upcoming if seen.detail else [])
    }
    return [
        dict(one) | {"on": {begin: one["name"] in setting.get("procedures", ()) for begin, setting in settings.items()}}
        for one in seen.procedures
    ]


# -- connection -------------------------------------------------------------------------------------------------------


def _connection_table(_: Seen, __: Texts) -> Table[Line]:
    columns = (
        Column[Line]("label", 34, lambda line: Cell(str(line["label"]), "muted")),
        Column[Line](
            "value", 30, lambda line: Cell(str(line["value"]), "strong" if line["value"] != "–" else "muted"), grow=1
        ),
    )
    return Table("authority.connection", lambda line: str(line["name"]), columns)


def _connection_rows(seen: Seen, texts: Texts) -> Sequence[Line]:
    current = seen.current()
    if not current:
        return []
    adapter = seen.adapter(str(current.get("adapter", "")))
    limit = int(current.get("size_limit") or 0)
    lines = [
        _fact("adapter", str(adapter.get("title") or current.get("adapter") or "–"), texts),
        _fact("protection", said("protection", current.get("protection"), texts), texts),
        _fact("size_limit", size(limit), texts),
        _fact("list_posted_plans", said("", current.get("list_posted_plans"), texts), texts),
        _fact("redirect_url", str(current.get("redirect_url") or "–"), texts),
    ]
    settings, schema = dict(current.get("settings") or {}), adapter.get("settings_schema") or {}
    given = defaults_of(schema) | settings
    for field in from_schema(schema):
        kept = given.get(field.name)
        value = dict(field.options).get(str(kept)) or said("", kept, texts)
        lines.append({"name": field.name, "label": field.label, "value": value, "help": field.help})
    return lines


def _fact(name: str, value: str, texts: Texts) -> Line:
    return {"name": name, "label": texts.value("field", name), "value": value, "help": ""}


# -- certificates, contacts, deliveries, notes, journal ---------------------------------------------------------------


def _certificates_table(_: Seen, texts: Texts) -> Table[Line]:
    columns = (
        Column[Line]("purpose", 15, lambda line: texts.value("purpose", str(line.get("purpose", "")))),
        Column[Line]("subject", 24, lambda line: Cell(str(line.get("subject", "")), "strong"), grow=2),
        Column[Line](
            "not_after", 10, lambda line: full(line.get("not_after"))[:10], lambda line: line.get("not_after")
        ),
        Column[Line](
            "days", 11, lambda line: signs.days(line.get("days"), texts), lambda line: line.get("days"), right=True
        ),
        _column("algorithm", 14, rank=1),
        _column("issuer", 24, rank=2, grow=1),
    )
    return Table("authority.certificates", lambda line: str(line.get("fingerprint", "")), columns)


def _contacts_table(_: Seen, __: Texts) -> Table[Line]:
    columns = (
        _column("role", 18),
        _column("name", 20, grow=1),
        _column("email", 24, grow=1),
        _column("phone", 16, rank=1),
    )
    return Table(
        "authority.contacts", lambda line: f"{line.get('role')} {line.get('name')} {line.get('email')}", columns
    )


def _deliveries_table(_: Seen, texts: Texts) -> Table[Line]:
    columns = (
        Column[Line]("state", 16, lambda line: signs.state(str(line.get("state", "")), texts)),
        _column("case", 17, "case_number"),
        _column("number", 5),
        Column[Line](
            "age", 7, lambda line: age(line.get("age_seconds"), texts), lambda line: line.get("age_seconds"), right=True
        ),
        Column[Line]("attempt", 4, lambda line: str(line.get("attempt") or ""), right=True, rank=1),
        _column("sentence", 20, grow=1),
    )
    return Table("authority.deliveries", lambda line: str(line.get("message_id", "")), columns)


def _notes_table(_: Seen, __: Texts) -> Table[Line]:
    columns = (
        Column[Line]("at", 16, lambda line: full(line.get("at")), lambda line: line.get("at")),
        Column[Line]("actor", 14, lambda line: who(str(line.get("actor", "")))),
        _column("text", 30, grow=1),
    )
    return Table("authority.notes", lambda line: str(line.get("id", "")), columns)


def _journal_table(_: Seen, texts: Texts) -> Table[Line]:
    columns = (
        Column[Line](
            "number", 6, lambda line: str(line.get("number", "")), lambda line: line.get("number"), right=True
        ),
        Column[Line]("at", 16, lambda line: full(line.get("at")), lambda line: line.get("at")),
        Column[Line]("actor", 14, lambda line: actor_of(str(line.get("actor", "")), texts)),
        Column[Line]("what", 22, lambda line: str(line.get("text") or line.get("what") or ""), grow=1),
        _column("why", 18, grow=1),
    )
    return Table("authority.journal", lambda line: str(line.get("number", "")), columns)


def _part(name: str) -> Callable[[Seen, Texts], Sequence[Line]]:
    return lambda seen, _: list(getattr(seen.detail, name)) if seen.detail else []


TABS: Mapping[str, Tab] = {
    "participation": Tab(_participation_table, _participation_rows),
    "procedures": Tab(_procedures_table, _procedures_rows),
    "connection": Tab(_connection_table, _connection_rows),
    "certificates": Tab(_certificates_table, _part("certificates")),
    "contacts": Tab(_contacts_table, _part("contacts")),
    "deliveries": Tab(_deliveries_table, lambda seen, _: seen.deliveries),
    "notes": Tab(_notes_table, _part("notes")),
    "journal": Tab(_journal_table, lambda seen, _: seen.journal),
}
