"""Plans that came by post: a scan of the Begleitschein opens the case, the day is asked, the arrival is recorded."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from tui.calls import deliveries
from tui.client import ApiError
from tui.dialogs.ask import Ask
from tui.dialogs.confirm import Confirm
from tui.formats import day, read_day

if TYPE_CHECKING:
    from tui.page import Page

AWAITED = ("plans_expected", "plans_overdue")
"""Where the plans of a case may stand for their arrival to be recorded; the server has the last word."""


async def record_arrival(page: Page, case: dict[str, Any]) -> bool:
    """Ask for the day and the reason, and record that the plans of a case have arrived; returns whether it was done."""
    texts, number = page.texts, str(case.get("number", ""))

    async def take(answer: str) -> date:
        found = read_day(answer)
        if found is None:
            raise ApiError(texts("dialogs.day"))
        return found

    title = texts("arriving.title", case=number)
    today = day(page.console.today().isoformat())
    on: date | None = await page.app.push_screen_wait(Ask(title, texts("arriving.day"), take, value=today))
    if on is None:
        return False
    who = str(case.get("authority_name", ""))
    lines = [texts("arriving.what", who=who, on=day(on.isoformat()))]

    async def act(reason: str) -> None:
        await deliveries.plans_arrived(await page.console.api(), number, on.isoformat(), reason)

    if not await page.app.push_screen_wait(Confirm(title, lines, reason=texts("arriving.reason"), act=act)):
        return False
    page.say(texts("arriving.done", case=number, on=day(on.isoformat())))
    return True
