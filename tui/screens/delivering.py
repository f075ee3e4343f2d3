"""What a human may do to deliveries: asked with a preview, done with a reason, above twenty only with a typed word."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui import signs
from tui.calls import authorities, deliveries
from tui.calls.deliveries import DeliveryRow
from tui.client import ApiError, Client
from tui.dialogs.choose import Choice, Choose
from tui.dialogs.confirm import Confirm
from tui.dialogs.reading import Reading
from tui.each import Troubles, each
from tui.texts import Texts

if TYPE_CHECKING:
    from tui.page import Page

TYPED_ABOVE = 20
TYPED = {"requeue": "WIEDERHOLEN", "hold": "ANHALTEN"}
"""The words the server wants above `TYPED_ABOVE`, whatever language the console speaks."""

SHOWN = 200
"""Lines of a preview; the rest is counted."""

POSSIBLE: dict[str, frozenset[str]] = {
    "requeue": frozenset({"held", "waiting"}),
    "hold": frozenset({"accepted", "waiting", "available"}),
    "divert": frozenset({"held", "waiting", "available"}),
    "arrived": frozenset({"held"}),
    "withdraw": frozenset({"accepted", "waiting", "available", "held"}),
}
"""From which states an act makes sense; the server has the last word."""


async def act_on(page: Page, chosen: Sequence[DeliveryRow], *, only: str = "") -> bool:
    """Ask what to do, show what would happen, do it; returns whether anything was done."""
    if not chosen:
        page.say(page.texts("shell.nothing_chosen"))
        return False
    act = only or await _which(page, chosen)
    if not act:
        return False
    client = await page.console.api()
    try:
        possible, refused = await _preview(page, client, act, chosen)
        told = await _told(page, client, act, possible, refused)
    except ApiError as error:
        page.say(error.text, wrong=True)
        return False
    texts = page.texts
    if not page.is_current:  # the server was slow, and the person has gone elsewhere meanwhile
        return False
    if not possible:
        title = texts("delivering.none", act=texts(f"delivering.{act}.name"))
        await page.app.push_screen_wait(Reading(title, [("", refused)], texts("dialogs.hint_read")))
        return False
    typed = _typed(act, possible, texts)
    what = texts(f"delivering.{act}.what", n=len(_once_per_case(act, possible)))
    title = texts("delivering.confirm", act=texts(f"delivering.{act}.name"), n=len(possible))

    async def do(reason: str) -> tuple[int, Troubles]:
        return await _do(page, client, act, possible, reason)

    window = Confirm(title, [what, "", *told], typed=typed, act=do)
    if not await page.app.push_screen_wait(window):
        return False
    done, troubles = window.outcome
    page.say(texts("delivering.done", act=texts(f"delivering.{act}.name"), n=done, total=len(possible)))
    if troubles:
        await page.app.push_screen_wait(
            Reading(texts("delivering.troubles", n=len(troubles)), [("", troubles)], texts("dialogs.hint_read"))
        )
    return True


def _typed(act: str, chosen: Sequence[DeliveryRow], texts: Texts) -> str:
    """Return what is to be typed before it is done: for many at once, and where content is erased for good."""
    if act == "withdraw" and len(_once_per_case(act, chosen)) == 1:
        return chosen[0].case_number
    if act != "withdraw" and len(chosen) <= TYPED_ABOVE:
        return ""
    return TYPED.get(act) or texts("delivering.typed")


async def _which(page: Page, chosen: Sequence[DeliveryRow]) -> str | None:
    states = {row.state for row in chosen}
    acts = [act for act, possible in POSSIBLE.items() if states & possible]
    if not acts:
        label = page.texts.value("state", chosen[0].state)
        page.say(page.texts("delivering.nothing_possible", state=label))
        return None
    choices = [Choice(act, page.texts(f"delivering.{act}")) for act in acts]
    names = ", ".join(row.case_number or row.message_id for row in chosen[:2]) + (" …" if len(chosen) > 2 else "")
    title = names if len(chosen) == 1 else page.texts("delivering.title", n=len(chosen), names=names)
    return await page.app.push_screen_wait(Choose(title, choices))


async def _preview(
    page: Page, client: Client, act: str, chosen: Sequence[DeliveryRow]
) -> tuple[list[DeliveryRow], list[tuple[str, str]]]:
    """Return what can be done, and what cannot and why; the server is asked where it can say so beforehand."""
    if act in ("requeue", "hold"):
        ids = [row.message_id for row in chosen]
        reason = page.texts("delivering.preview")
        answers = await deliveries.act_on_several(client, ids, act, reason, dry_run=True)
        why = {str(one.get("message_id")): str(one.get("detail", "")) for one in answers if not one.get("possible")}
    else:
        wrong = page.texts("delivering.state_wrong")
        why = {row.message_id: wrong for row in chosen if row.state not in POSSIBLE[act]}
    possible = [row for row in chosen if row.message_id not in why]
    refused = [(row.case_number or row.message_id, why[row.message_id]) for row in chosen if row.message_id in why]
    return possible, refused


async def _told(
    page: Page, client: Client, act: str, possible: Sequence[DeliveryRow], refused: Sequence[tuple[str, str]]
) -> list[str]:
    ways = await _ways(page, client) if act == "divert" else {}
    lines = []
    for row in possible[:SHOWN]:
        now = page.texts.value("state", row.state)
        line = f"✓ {row.case_number or row.message_id}  {row.authority_name}: {now}"
        if act == "divert":
            line += f", {way_name(row.adapter, page.texts) or '–'} → {ways.get(row.authority) or '–'}"
        lines.append(line)
    if len(possible) > SHOWN:
        lines.append(page.texts("delivering.more", n=len(possible) - SHOWN))
    return [*lines, *(f"✕ {name}: {why}" for name, why in refused[:SHOWN])]


async def _ways(page: Page, client: Client) -> dict[str, str]:
    known = page.console.known or await authorities.rows(client)
    return {row.key: row.adapter_title or way_name(row.adapter, page.texts) for row in known}


async def _do(page: Page, client: Client, act: str, chosen: Sequence[DeliveryRow], reason: str) -> tuple[int, Troubles]:
    """Do it; returns how many were done, and what failed and why. Raises: ApiError if nothing was done at all."""
    if act in ("requeue", "hold") and len(chosen) > 1:
        ids = [row.message_id for row in chosen]
        names = {row.message_id: row.case_number for row in chosen}
        typed = _typed(act, chosen, page.texts)
        answers = await deliveries.act_on_several(client, ids, act, reason, dry_run=False, typed=typed)
        failed = [one for one in answers if not one.get("possible")]
        troubles = [(names.get(str(one["message_id"])) or "", str(one.get("detail", ""))) for one in failed]
        return len(answers) - len(failed), troubles
    rows = _once_per_case(act, chosen)
    acts = [(row.case_number or row.message_id, partial(_one, client, act, row, reason)) for row in rows]
    return await each(acts, page.texts)


def _once_per_case(act: str, chosen: Sequence[DeliveryRow]) -> list[DeliveryRow]:
    """Return the rows; a case with several deliveries is withdrawn once."""
    if act != "withdraw":
        return list(chosen)
    return list({row.case_number: row for row in chosen}.values())


def _one(client: Client, act: str, row: DeliveryRow, reason: str) -> Awaitable[None]:
    if act == "withdraw":
        return deliveries.withdraw(client, row.case_number, reason)
    return deliveries.act(client, row.message_id, act, reason)


def way_name(adapter: str, texts: Texts) -> str:
    """Return a way's name as people read it; empty where there is none yet."""
    return signs.way(adapter, adapter.replace("_", "-"), texts) if adapter else ""
