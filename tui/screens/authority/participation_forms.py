"""The forms for how an authority takes part: the whole setting, the procedures, and the way with its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from gateway.domain.limits import MEGABYTE
from tui.calls import authorities
from tui.client import ApiError, Client, FieldFault
from tui.dialogs.form import Form, FormWindow, Values
from tui.formats import day, read_day
from tui.forms import Field, defaults_of, from_schema, settings_of
from tui.page import Page
from tui.screens.authority.editing import NEW, Editing
from tui.screens.authority.seen import Line, Seen
from tui.screens.bulk import PHASES, PROTECTIONS
from tui.texts import Texts

OPTIONS = ("1", "2", "3a", "3b")


def participation_form(page: Page, client: Client, seen: Seen, base: Line, today: date) -> Form:
    """Return the form for a whole setting, filled from one that there is."""
    texts = page.texts
    source = base or NEW
    names = ("option", "phase", "release", "adapter", "protection", "redirect_url", "source", "note")
    values: Values = {name: source.get(name) or "" for name in names}
    begin = str(base.get("valid_from", "")) if base else ""
    values["valid_from"] = day(max(begin, today.isoformat()))
    values["procedures"] = list(source.get("procedures") or [])
    values["list_posted_plans"] = bool(source.get("list_posted_plans", True))
    values["size_limit"] = round(int(source.get("size_limit") or 250 * MEGABYTE) / MEGABYTE)
    editing = Editing(page, client, seen, _as_typed(values))

    async def save(typed: Values) -> Any:
        settings = await _settings_for(page, client, seen, source, str(typed.get("adapter") or ""))
        return await editing.save(_sized(typed) | settings)

    return Form(
        texts("authority.form.participation", name=seen.row.title or seen.name),
        _participation_fields(seen, texts, str(source.get("phase"))),
        values,
        save,
        conflict=lambda typed: editing.conflict(_sized(typed)),
    )


async def _settings_for(page: Page, client: Client, seen: Seen, source: Line, adapter: str) -> Values:
    """Return the settings of a way that was chosen anew, asked for where it cannot do without; else nothing.

    Raises:
        ApiError: they were not given; nothing was changed.
    """
    if adapter == str(source.get("adapter") or ""):
        return {}
    schema: Mapping[str, Any] = seen.adapter(adapter).get("settings_schema") or {}
    own = from_schema(schema)
    if not any(field.required for field in own):
        return {"settings": defaults_of(schema)}

    async def check(typed: Values) -> list[FieldFault]:
        return await authorities.check_settings(client, adapter, _raw_settings(own, schema, typed))

    async def take(typed: Values) -> Values:
        if faults := await check(typed):
            raise ApiError(page.texts("authority.settings_wrong"), faults=tuple(faults))
        return _raw_settings(own, schema, typed)

    title = page.texts("authority.form.connection", name=seen.row.title or seen.name, way=_way(seen, adapter))
    first = {f"set-{name}": value for name, value in defaults_of(schema).items()}
    intro = [page.texts("authority.settings_first")]
    form = Form(title, [_named(field) for field in own], first, take, check, intro=intro)
    given = await page.app.push_screen_wait(FormWindow(form, page.texts))
    if given is None:
        raise ApiError(page.texts("authority.not_confirmed"))
    return {"settings": given}


def _raw_settings(own: Sequence[Field], schema: Mapping[str, Any], typed: Values) -> Values:
    return settings_of(own, schema, {field.name: typed.get(f"set-{field.name}") for field in own})


def _way(seen: Seen, adapter: str) -> str:
    return str(seen.adapter(adapter).get("title") or adapter)


def procedures_form(page: Page, client: Client, seen: Seen, today: date) -> Form:
    """Return the form that switches procedures on and off from a day on."""
    texts = page.texts
    values: Values = {"valid_from": f"{today:%d.%m.%Y}", "procedures": list(seen.current().get("procedures") or [])}
    editing = Editing(page, client, seen, _as_typed(values))
    fields = [_begin(texts), _procedures(seen, texts), _reason(texts)]
    title = texts("authority.form.procedures", name=seen.row.title or seen.name)
    return Form(title, fields, values, editing.save, conflict=editing.conflict)


def connection_form(page: Page, client: Client, seen: Seen, adapter: str, today: date) -> Form:
    """Return the form for a way: its settings as the adapter itself describes them, checked while they are typed."""
    texts = page.texts
    schema: Mapping[str, Any] = seen.adapter(adapter).get("settings_schema") or {}
    own = from_schema(schema)
    current = seen.current()
    kept = dict(current.get("settings") or {}) if current.get("adapter") == adapter else {}
    offered = [str(one) for one in seen.adapter(adapter).get("protections") or PROTECTIONS]
    held = {"settings": kept, "adapter": current.get("adapter"), "protection": current.get("protection")}
    editing = Editing(page, client, seen, held)

    def whole(typed: Values) -> Values:
        return {
            "valid_from": typed["valid_from"],
            "adapter": adapter,
            "protection": typed["protection"],
            "settings": _raw_settings(own, schema, typed),
            "reason": typed["reason"],
        }

    async def check(typed: Values) -> list[FieldFault]:
        return await authorities.check_settings(client, adapter, whole(typed)["settings"])

    protection = str(current.get("protection") or offered[0])
    values: Values = {
        "valid_from": f"{today:%d.%m.%Y}",
        "protection": protection if protection in offered else offered[0],
        **{f"set-{name}": value for name, value in (defaults_of(schema) | kept).items()},
    }
    return Form(
        texts("authority.form.connection", name=seen.row.title or seen.name, way=_way(seen, adapter)),
        _connection_fields(texts, own, offered),
        values,
        lambda typed: editing.save(whole(typed)),
        check,
        lambda typed: editing.conflict(whole(typed)),
    )


def _connection_fields(texts: Texts, own: Sequence[Field], offered: Sequence[str]) -> list[Field]:
    protections = tuple((one, texts.value("protection", one)) for one in offered)
    label = texts.value("field", "protection")
    return [
        *(_named(field) for field in own),
        Field("protection", label, "choice", texts("authority.help.protection"), protections, required=True),
        _begin(texts),
        _reason(texts),
    ]


def _named(field: Field) -> Field:
    """Return an adapter's field under a name of its own, so that it cannot meet one of ours."""
    return Field(
        f"set-{field.name}", field.label, field.kind, field.help, field.options, field.required, f"/{field.name}"
    )


def _participation_fields(seen: Seen, texts: Texts, phase: str) -> Sequence[Field]:
    def label(name: str) -> str:
        return texts.value("field", name)

    ways = (("", "–"), *((str(one["name"]), str(one["title"])) for one in seen.adapters))
    releases = (("", "–"), *((release, release) for release in reversed(seen.releases)))
    return [
        _begin(texts),
        Field(
            "option",
            label("option"),
            "choice",
            texts("authority.help.option"),
            tuple((code, f"{code} {texts.value('option', code)}") for code in OPTIONS),
            required=True,
        ),
        Field(
            "phase",
            label("phase"),
            "choice",
            texts("authority.help.phase"),
            tuple((code, texts.value("phase", code)) for code in PHASES if code != "live" or phase == "live"),
            required=True,
        ),
        _procedures(seen, texts),
        Field("release", label("release"), "choice", texts("authority.help.release"), releases),
        Field("adapter", label("adapter"), "choice", texts("authority.help.adapter"), ways),
        Field(
            "protection",
            label("protection"),
            "choice",
            texts("authority.help.protection"),
            tuple((code, texts.value("protection", code)) for code in PROTECTIONS),
        ),
        Field("redirect_url", label("redirect_url"), help=texts("authority.help.redirect_url")),
        Field("size_limit", label("size_limit"), "number", texts("authority.help.size_limit"), required=True),
        Field("list_posted_plans", label("list_posted_plans"), "yes", texts("authority.help.list_posted_plans")),
        Field("source", label("source"), help=texts("authority.help.source")),
        Field("note", label("note")),
        _reason(texts),
    ]


def _begin(texts: Texts) -> Field:
    return Field(
        "valid_from", texts.value("field", "valid_from"), "day", texts("authority.help.valid_from"), required=True
    )


def _procedures(seen: Seen, texts: Texts) -> Field:
    options = tuple((one["name"], f"{one['label']} ({one['number']})") for one in seen.procedures)
    return Field(
        "procedures", texts.value("field", "procedures"), "choices", texts("authority.help.procedures"), options
    )


def _reason(texts: Texts) -> Field:
    return Field("reason", texts("authority.reason"), help=texts("authority.help.reason"), required=True)


def _sized(typed: Values) -> Values:
    limit = typed.get("size_limit")
    return dict(typed) | ({"size_limit": int(limit * MEGABYTE)} if isinstance(limit, (int, float)) else {})


def _as_typed(values: Values) -> Values:
    """Return first values in the form in which a form hands them to `save`."""
    first = _sized(values)
    begin = read_day(str(values.get("valid_from", "")))
    first |= {"valid_from": begin.isoformat()} if begin else {}
    first["procedures"] = sorted(first.get("procedures") or [])
    return first
