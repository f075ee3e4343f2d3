"""Where is case X? Everything that happened to it, from the portal to the authority's receipt, as a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui import signs
from tui.calls import deliveries
from tui.calls.deliveries import DeliveryRow, Traced
from tui.client import ApiError, Client
from tui.dialogs.ask import Ask
from tui.dialogs.choose import Choice, Choose
from tui.facts import actor_of, in_a_line
from tui.formats import day, full, size
from tui.list_page import ListPage
from tui.plain import plain
from tui.screens.arriving import AWAITED, record_arrival
from tui.screens.delivering import act_on, way_name
from tui.screens.timeline import Event, event_text, timeline_table, with_gaps
from tui.tables import Cell, Table
from tui.texts import Texts
from tui.values import read
from tui.widgets.detail import Detail
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import Rows
from tui.widgets.sheet import Line, Sheet

if TYPE_CHECKING:
    from tui.page import Page


class TracePage(ListPage[Event]):
    """One case: what it is, where it stands and why, its deliveries, and below them the timeline."""

    section = "trace"
    export_name = "vorgang"
    CSS_PATH = "trace.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "export", "key.export", show=False),
        Binding("a", "act", "key.act"),
        Binding("P", "plans", "key.plans"),
        Binding("t", "search", "key.trace"),
        Binding("b", "authority", "key.authority"),
    ]

    def __init__(self, words: str = "") -> None:
        super().__init__()
        self.words = words
        self.traced: Traced | None = None

    # -- parts --------------------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """The case, its timeline, the line about the entry under the cursor."""
        yield Sheet(16, id="sheet")
        yield FilterBar(self.texts("shell.filter_hint", fields=""))
        yield Rows(self.table(), self.texts, id="rows")
        yield Detail(id="detail")

    def table(self) -> Table[Event]:
        """Return the columns of the timeline."""
        return timeline_table(self.texts)

    async def load(self, client: Client) -> None:
        """Fetch the case anew."""
        if not self.words:
            self.rows.show([])
            return
        found = await deliveries.trace(client, self.words)
        self.traced = found[0] if found else None
        self.query_one(Sheet).show(case_lines(self.traced, self.texts) if self.traced else [])
        self.refresh_bindings()
        fresh = not self.rows.items
        self.rows.show(with_gaps(self.traced.events) if self.traced else [])
        if fresh:
            self.rows.action_edge(1)
        if self.traced is None:
            raise ApiError(self.t("not_found", words=self.words))

    def on_mount(self) -> None:
        """Without a case, ask for one."""
        super().on_mount()
        if not self.words:
            self.action_search()

    def crumbs(self) -> Sequence[str]:
        """Below the deliveries."""
        number = self.traced.case.get("number", "") if self.traced else self.words
        return [self.texts("deliveries.title"), str(number) or self.t("title")]

    def twin(self) -> str:
        """The same on the command line."""
        return f"bauweiche trace {self.words}" if self.words else "bauweiche trace …"

    def describe(self, item: Event) -> Sequence[str]:
        """Say who, why, and the facts."""
        said = f"{event_text(item, self.texts)} ({actor_of(str(item.get('actor', '')), self.texts)})"
        why = str(item.get("why", ""))
        return [f"{said}: {why}" if why else said, in_a_line(item.get("facts") or {}, self.texts)]

    # -- keys ---------------------------------------------------------------------------------------------------

    def action_copy_id(self) -> None:
        """Copy the case number."""
        self.copy(str(self.traced.case.get("number", "")) if self.traced else self.words)

    @work(exclusive=True, group="dialog")
    async def action_search(self) -> None:
        """Find another case."""
        await find_case(self)

    def action_authority(self) -> None:
        """Open the authority."""
        if self.traced:
            case = self.traced.case
            self.console.open_authority(str(case.get("authority", "")), str(case.get("authority_name", "")))

    @work(exclusive=True, group="dialog")
    async def action_act(self) -> None:
        """Ask what to do with the case's deliveries."""
        sent = self.traced.deliveries if self.traced else []
        if await act_on(self, [read(DeliveryRow, one) for one in sent]):
            self.reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's shape
        """Plans can only arrive where they are awaited."""
        if action != "plans":
            return True
        return self.traced is not None and self.traced.case.get("plans") in AWAITED

    @work(exclusive=True, group="dialog")
    async def action_plans(self) -> None:
        """Record that the plans came by post; a scanned Begleitschein finds the case."""
        if self.traced and await record_arrival(self, self.traced.case):
            self.reload()

    def show_case(self, words: str) -> None:
        """Show another case in this place."""
        self.words, self.traced = words, None
        self.rows.show([])
        self.reload()


async def find_case(page: Page) -> None:
    """Ask for any number of a case and open what it means; several cases are offered."""
    client = await page.console.api()
    texts = page.texts
    window = Ask(texts("trace.find"), texts("trace.find_label"), partial(_found, client, texts))
    found: list[Traced] | None = await page.app.push_screen_wait(window)
    if not found:
        return
    number = str(found[0].case.get("number", ""))
    if len(found) > 1:
        choices = [Choice(str(one.case.get("number", "")), _choice(one, texts)) for one in found]
        chosen: str | None = await page.app.push_screen_wait(Choose(texts("trace.several", n=len(found)), choices))
        number = chosen or ""
    if number and isinstance(page, TracePage):
        page.show_case(number)
    elif number:
        page.app.push_screen(TracePage(number))


async def _found(client: Client, texts: Texts, words: str) -> list[Traced]:
    found = await deliveries.trace(client, words)
    if not found:
        raise ApiError(texts("trace.not_found", words=words))
    return found


def _choice(traced: Traced, texts: Texts) -> str:
    case = traced.case
    state = signs.state(str(case.get("state", "")), texts).text
    return f"{case.get('number', '')}  {state}  {case.get('authority_name', '')}  {day(case.get('accepted_at'))}"


# -- the case as lines --------------------------------------------------------------------------------------------


def case_lines(traced: Traced, texts: Texts) -> list[Line]:
    """Return what the case is, why it stands where it stands, and a line for each delivery."""
    case = traced.case
    sign = signs.state(str(case.get("state", "")), texts)
    option = str(case.get("option", ""))
    parts = [
        case.get("authority_name", ""),
        texts("trace.option", option=option, word=texts.value("option", option)) if option else "",
        f"XBau {case['release']}" if case.get("release") else "",
        size(int(case.get("size") or 0)),
        texts("trace.attachments", n=case.get("attachments") or 0),
        texts("trace.test") if case.get("test") else "",
    ]
    lines = [Line(sign.text, sign.tone, (Cell(" · ".join(str(part) for part in parts if part), "strong"),), indent=1)]
    if sentence := sentence_of(traced, texts):
        lines.append(Line(texts("trace.why"), "muted", (Cell(sentence),), indent=1))
    lines += [Line(texts(f"trace.{name}"), "muted", (Cell(value),), indent=1) for name, value in _numbers(case, texts)]
    return [*lines, *(_delivery_line(one, texts) for one in traced.deliveries)]


def sentence_of(traced: Traced, texts: Texts) -> str:
    """Return why the case stands where it stands: the newest delivery says it where the case does not."""
    if traced.sentence:
        return traced.sentence
    newest = traced.deliveries[-1] if traced.deliveries else {}
    english = str(newest.get("sentence_en", "")) if texts.language == "en" else ""
    return english or str(newest.get("sentence", ""))


def _numbers(case: Mapping[str, Any], texts: Texts) -> list[tuple[str, str]]:
    references = [
        (name, str(case.get(name))) for name in ("portal_reference", "file_reference", "follows") if case.get(name)
    ]
    found = [("references", " · ".join(texts(f"trace.{name}", value=value) for name, value in references))]
    if case.get("plans") not in (None, "", "none"):
        name = f"trace.{case['plans']}"
        label = texts(name) if texts.has(name) else str(case["plans"])
        when = day(case.get("plans_arrived_on")) or texts("trace.due", day=day(case.get("plans_due")))
        found.append(("plans", f"{label} · {when}"))
    return [(name, value) for name, value in found if value]


def _delivery_line(one: Mapping[str, Any], texts: Texts) -> Line:
    sign = signs.state(str(one.get("state", "")), texts)
    times = [
        texts(f"trace.{name}", at=full(one.get(name)))
        for name in ("available_at", "fetched_at", "handed_over_at")
        if one.get(name)
    ]
    attempts = texts("trace.attempts", n=one.get("attempt")) if one.get("attempt") else ""
    parts = [sign.text, way_name(str(one.get("adapter", "")), texts), attempts, *times]
    number = plain(one.get("number", ""))
    return Line(
        texts("trace.delivery", number=number), "muted", (Cell(" · ".join(filter(None, parts)), sign.tone),), indent=1
    )
