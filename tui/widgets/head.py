"""The top line: product, environment in words, who sits there, and how old the data are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from gateway.domain.calendar import BERLIN
from tui.formats import age
from tui.plain import plain
from tui.texts import Texts
from tui.values import Me


@dataclass(frozen=True, slots=True)
class Status:
    """What the top line tells; `loaded_at` None: nothing yet, `offline_since` set while the server is silent."""

    me: Me = Me()  # noqa: RUF009  # frozen, so one for all is right
    read_only: bool = False
    paused: bool = False
    loaded_at: datetime | None = None
    offline_since: datetime | None = None


def line(status: Status, now: datetime, texts: Texts, width: int) -> tuple[str, str, str, str]:
    """Return the parts of the line: before the environment, the environment, after it, and the right side."""
    me = status.me
    who = plain(me.name) + (f" ({texts.value('role', me.role)})" if me.role else "")
    after = [who] if who else []
    after += [texts("shell.read_only")] if status.read_only else []
    after += [texts("shell.paused")] if status.paused else []
    before, environment = f" {texts('shell.product')} · ", _environment(me.environment)
    rest = "".join(f" · {part}" for part in after)
    used = cell_len(before + environment + rest)
    right = next((text for text in _rights(status, now, texts) if used + cell_len(text) + 2 <= width), "")
    return before, environment, rest, right + " "


def _environment(name: str) -> str:
    """Return the word; a test installation stands out by more than its colour."""
    return f" {name} " if name == "TEST" else plain(name) or "…"


def _rights(status: Status, now: datetime, texts: Texts) -> list[str]:
    if status.offline_since is not None:
        since = f"{status.offline_since.astimezone(BERLIN):%H:%M:%S}"
        return [f"! {texts('shell.offline', since=since)}", "! offline"]
    here = now.astimezone(BERLIN)
    fresh = texts("shell.no_data")
    if status.loaded_at is not None:
        fresh = texts("shell.age", age=age(max(0, (now - status.loaded_at).total_seconds()), texts))
    weekday = texts("shell.weekdays").split()[here.weekday()]
    return [
        f"{weekday} {here:%d.%m.%Y %H:%M} · {fresh}",
        f"{here:%d.%m. %H:%M} · {fresh}",
        f"{here:%H:%M} · {fresh}",
        fresh,
    ]


class Head(Widget):
    """The top line as a widget; it repaints only when its words change."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"head--environment", "head--test", "head--offline"}

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.texts = texts
        self.status = Status()
        self.now: datetime | None = None
        self._shown: tuple[str, str, str, str] | None = None

    def tell(self, status: Status, now: datetime) -> None:
        """Take what is to be told now."""
        self.status, self.now = status, now
        parts = line(status, now, self.texts, self.size.width)
        if parts != self._shown:
            self._shown = parts
            self.refresh()

    def render(self) -> Text:
        """Draw the line."""
        if self.now is None:
            return Text(f" {self.texts('shell.product')}")
        before, environment, rest, right = line(self.status, self.now, self.texts, self.size.width)
        name = "head--test" if self.status.me.environment == "TEST" else "head--environment"
        text = Text(before, no_wrap=True, overflow="ellipsis")
        text.append(environment, self.get_component_rich_style(name))
        text.append(rest)
        text.append(" " * max(1, self.size.width - cell_len(text.plain + right)))
        offline = self.get_component_rich_style("head--offline") if self.status.offline_since else ""
        return text.append(right, offline)
