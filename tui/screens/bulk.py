"""The same change for several authorities: entered, shown as a preview, then made as one named batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tui.calls import authorities
from tui.client import ApiError, Client
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import Form, FormWindow
from tui.dialogs.reading import Reading
from tui.facts import changed
from tui.forms import Field
from tui.texts import Texts
from tui.values import AuthorityRow, Previewed

if TYPE_CHECKING:
    from tui.page import Page

KEEP = ""
"""The choice that leaves a field as it is."""


async def change_several(page: Page, chosen: Sequence[AuthorityRow]) -> None:
    """Ask for the change, show what it would do to each, make it after the confirmation."""
    client = await page.console.api()
    try:
        fields = await _fields(client, page.texts)
    except ApiError as error:
        page.say(error.text, wrong=True)
        return
    if not page.is_current:  # the server was slow, and the person has gone elsewhere meanwhile
        return
    first = {"valid_from": f"{page.console.clock():%d.%m.%Y}", "option": KEEP}
    preview = partial(_preview, client, [row.key for row in chosen])
    title = page.texts("bulk.title", n=len(chosen))
    form = Form(title, fields, first, preview, intro=[page.texts("bulk.intro")])
    found = await page.app.push_screen_wait(FormWindow(form, page.texts))
    if found:
        changes, rows = found
        await _make(page, client, changes, rows)


async def _preview(client: Client, keys: Sequence[str], values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    changes = {name: value for name, value in values.items() if value not in ("", None, []) and name != "valid_from"}
    rows = await authorities.bulk(client, keys, changes, valid_from=values["valid_from"], reason="Vorschau")
    return {"changes": changes, "valid_from": values["valid_from"]}, rows


async def _make(page: Page, client: Client, asked: Mapping[str, Any], rows: Sequence[Previewed]) -> None:
    texts = page.texts
    faulty = [row for row in rows if row.faults]
    changed = [row for row in rows if row.differences and not row.faults]
    lines = preview_lines(rows, texts)
    if faulty or not changed:
        text = texts("bulk.faulty", n=len(faulty), total=len(rows)) if faulty else texts("bulk.nothing")
        await page.app.push_screen_wait(Reading(text, [("", lines)], texts("dialogs.hint_read")))
        return
    typed = texts("bulk.typed", n=len(changed)) if asked["changes"].get("phase") == "ended" else ""
    told = [f"{name}: {what}" for name, what in lines]
    keys = [row.key for row in rows]
    begin = asked["valid_from"]

    async def act(reason: str) -> None:
        await authorities.bulk(
            client,
            keys,
            asked["changes"],
            valid_from=begin,
            reason=reason,
            batch=f"konsole {begin} {page.console.clock():%Y-%m-%d %H:%M:%S}",
            dry_run=False,
            seen={row.key: row.etag for row in rows if row.etag},
        )

    window = Confirm(texts("bulk.confirm", n=len(changed)), told, typed=typed, act=act)
    if await page.app.push_screen_wait(window):
        page.say(texts("bulk.done", n=len(changed)))
        page.reload()


def preview_lines(rows: Sequence[Previewed], texts: Texts) -> list[tuple[str, str]]:
    """Return a line for each authority: what differs, or what is wrong."""
    lines = []
    for row in sorted(rows, key=lambda row: not row.faults):
        if row.faults:
            lines += [(row.name, f"! {fault.get('detail', '')}") for fault in row.faults]
        elif row.differences:
            lines.append((row.name, " · ".join(difference(one, texts) for one in row.differences)))
        else:
            lines.append((row.name, texts("bulk.same")))
    return lines


def difference(one: Mapping[str, Any], texts: Texts) -> str:
    """Return one changed field as `Option 2 → 1`."""
    name = str(one.get("name", ""))
    return f"{texts.value('field', name)} {changed(name, one.get('before'), one.get('after'), texts)}"


async def _fields(client: Client, texts: Texts) -> list[Field]:
    ways = [(str(way["name"]), str(way["title"])) for way in await authorities.adapters(client)]
    releases = [(release, release) for release in await authorities.releases(client)]
    procedures = [(one["name"], one["label"]) for one in await authorities.procedures(client)]
    return [
        Field("valid_from", texts.value("field", "valid_from"), "day", texts("bulk.help.valid_from"), required=True),
        _choice("option", [(code, f"{code} {texts.value('option', code)}") for code in ("1", "2", "3a", "3b")], texts),
        _choice("phase", [(code, texts.value("phase", code)) for code in PHASES if code != "live"], texts),
        _choice("release", releases, texts),
        _choice("adapter", ways, texts),
        _choice("protection", [(code, texts.value("protection", code)) for code in PROTECTIONS], texts),
        Field(
            "procedures",
            texts.value("field", "procedures"),
            "choices",
            texts("bulk.help.procedures"),
            tuple(procedures),
        ),
        Field("source", texts.value("field", "source"), help=texts("bulk.help.source")),
    ]


PHASES = ("not_connected", "test", "live", "paused", "ended")
PROTECTIONS = ("transport", "end_to_end")


def _choice(name: str, options: Sequence[tuple[str, str]], texts: Texts) -> Field:
    kept = ((KEEP, texts("dialogs.unchanged")), *options)
    return Field(name, texts.value("field", name), "choice", "", kept)
