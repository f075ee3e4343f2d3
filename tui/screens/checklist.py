"""One authority's checklist: the evidence the system has collected, the exact error where it fails, the next step."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui import signs
from tui.calls import desk, onboarding
from tui.calls.onboarding import Checklist
from tui.client import ApiError, Client
from tui.dialogs.choose import Choice, Choose
from tui.dialogs.confirm import Confirm
from tui.facts import who
from tui.page import Page
from tui.screens.checklist_seen import DONE, NAME_ROOM, check_lines, top_lines
from tui.widgets.sheet import Paper, Sheet


class ChecklistPage(Page):
    """The checklist of one authority, with everything that moves it on."""

    section = "checklist"
    AUTO_FOCUS: ClassVar[str | None] = "Paper"
    CSS_PATH = "checklist.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "check", "key.check"),
        Binding("t", "test", "key.test"),
        Binding("w", "advance", "key.advance"),
        Binding("v", "propose", "key.propose"),
        Binding("f", "approve", "key.approve"),
        Binding("K", "part('contacts')", "key.contacts", show=False),
        Binding("Z", "part('certificates')", "key.certificates", show=False),
        Binding("b", "authority", "key.authority", show=False),
        Binding("y", "copy_id", "key.copy", show=False),
    ]

    def __init__(self, key: str, name: str) -> None:
        super().__init__()
        self.key, self.authority_name = key, name
        self.list: Checklist | None = None
        self._busy = False
        self._note = ""

    def body(self) -> Iterable[Widget]:
        """Stage and next step above, the checks below."""
        yield Sheet(17, id="top")
        yield Paper(Sheet(NAME_ROOM, id="checks"))

    async def load(self, client: Client) -> None:
        """Fetch the checklist; while something runs, its own answer counts."""
        if not self._busy:
            self.show_list(await onboarding.checklist(client, self.key))

    def show_list(self, found: Checklist) -> None:
        """Draw the checklist."""
        self.list = found
        self.query_one("#top", Sheet).show(top_lines(found, self.texts))
        self.query_one("#checks", Sheet).show(check_lines(found, self.texts, self.console.clock()))
        self._tell(self._note)
        self.refresh_bindings()

    def _tell(self, note: str) -> None:
        """Say what is being done or was done in the line above, where it covers no evidence."""
        self._note = note
        count = self.t("count", n=self.list.complete, total=len(self.list.checks)) if self.list else ""
        self.tell_place(count, note)

    def crumbs(self) -> Sequence[str]:
        """Below the list."""
        return [self.texts("onboarding.title"), self.list.name if self.list else self.authority_name]

    def twin(self) -> str:
        """The same on the command line."""
        return f"bauweiche onboarding show {self.key}"

    def help_lines(self) -> list[tuple[str, str]]:
        """A sentence for each sign and each check."""
        checks = [
            (check.label, self.t(f"help.{check.check}"))
            for check in (self.list.checks if self.list else [])
            if self.texts.has(f"checklist.help.{check.check}")
        ]
        return [*((self.t(f"sign.{name}"), self.t(f"help.{name}")) for name in ("holds", "fails", "open")), *checks]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's shape
        """Propose until somebody has, approve once somebody has."""
        waits = self.list is not None and bool(self.list.proposer) and self.list.stage == "verified"
        if action == "approve":
            return waits
        done = self.list is not None and self.list.stage in DONE
        return not waits and not done if action == "propose" else True

    # -- acts ---------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="check")
    async def action_check(self) -> None:
        """Let the system collect the evidence; the far side may take its time."""
        client = await self.console.api()
        self._tell(self.t("checking"))
        await self._collected(onboarding.check(client, self.key))

    @work(exclusive=True, group="dialog")
    async def action_test(self) -> None:
        """Send a test message."""
        client = await self.console.api()
        act = partial(onboarding.send_test, client, self.key)
        title, reason = self.t("test", name=self._whom), self.t("test.reason")
        await self._ask("tested", Confirm(title, [self.t("test.what")], reason=reason, act=act))

    @work(exclusive=True, group="dialog")
    async def action_advance(self) -> None:
        """Ask for the next stage; ending needs the name."""
        client = await self.console.api()
        targets = forward_first(self.list) if self.list else []
        if self.list is None or not targets:
            self.say(self.t("no_stage", step=self.list.next_step if self.list else ""))
            return
        choices = [
            Choice(target, f"{signs.stage(target, self.texts).text}: {self._means(target)}") for target in targets
        ]
        if not leads_on(self.list, targets[0]):
            choices.insert(0, Choice("", self.t("stay")))
        lines = [self.t("next", step=self.list.next_step)] if self.list.next_step else []
        target = await self.app.push_screen_wait(Choose(self.t("advance", name=self._whom), choices, lines))
        if not target:
            return
        typed = self._whom if target == "ended" else ""
        title = self.t("advance_to", name=self._whom, stage=self.texts.value("stage", target))

        def act(reason: str) -> Awaitable[Checklist]:
            return onboarding.advance(client, self.key, target, reason, typed)

        await self._ask("advanced", Confirm(title, [self._means(target)], typed=typed, act=act))

    @work(exclusive=True, group="dialog")
    async def action_propose(self) -> None:
        """Propose that the authority goes live."""
        client = await self.console.api()
        missing = [check.label for check in self.list.checks if not check.holds] if self.list else []
        if missing:
            self.say(self.t("propose.missing", n=len(missing), names=", ".join(missing)), wrong=True)
            return
        if self.list is not None and self.list.stage != "verified":
            self.say(self.t("propose.early", stage=self.texts.value("stage", "verified")), wrong=True)
            return
        act = partial(onboarding.propose, client, self.key)
        await self._ask("proposed", Confirm(self.t("propose", name=self._whom), [self.t("propose.what")], act=act))

    @work(exclusive=True, group="dialog")
    async def action_approve(self) -> None:
        """Approve as the second person, with the name typed."""
        client = await self.console.api()
        proposer = who(self.list.proposer) if self.list else ""
        me = await self.attempt(desk.me(client)) if proposer else None
        if me is not None and me.name == proposer:
            self.say(self.t("approve.own"), wrong=True)
            return
        lines = [self.t("approve.what"), self.t("approve.who", who=proposer)]
        act = partial(onboarding.approve, client, self.key, self._whom)
        await self._ask("approved", Confirm(self.t("approve", name=self._whom), lines, typed=self._whom, act=act))

    def action_authority(self) -> None:
        """Open everything about the authority."""
        self.console.open_authority(self.key, self._whom)

    def action_part(self, tab: str) -> None:
        """Open what a piece of evidence is about."""
        self.console.open_authority(self.key, self._whom, tab)

    def action_copy_id(self) -> None:
        """Copy the key."""
        self.copy(self.key)

    def _means(self, target: str) -> str:
        """Say what it means to go to a stage from here."""
        assert self.list is not None
        back = target == "details" and self.list.stage != "invited"
        return self.t("to.back" if back else f"to.{target}")

    @property
    def _whom(self) -> str:
        return self.list.name if self.list else self.authority_name

    async def _ask(self, done: str, window: Confirm) -> None:
        """Let the window do it and draw the answer; refused, it stays open with what was typed."""
        self._tell("")
        if await self.app.push_screen_wait(window):
            self._drawn(window.outcome, done)

    async def _collected(self, doing: Awaitable[Checklist]) -> None:
        """Wait for the evidence and draw it; a refusal is said in full and changes nothing on the screen."""
        self._busy = True
        try:
            found = await doing
        except ApiError as error:
            self._tell("")
            self.say(error.with_faults(error.faults), wrong=True)
            return
        finally:
            self._busy = False
        self._drawn(found, "checked")

    def _drawn(self, found: Checklist, done: str) -> None:
        self.loaded_at = self.console.clock()
        stage = self.texts.value("stage", found.stage)
        self._note = self.t(f"done.{done}", n=found.complete, total=len(found.checks), stage=stage)
        self.show_list(found)


def leads_on(found: Checklist, target: str) -> bool:
    """Return whether a stage is a step onwards; back and out are never what enter chooses first."""
    stages = list(signs.STAGES)
    if found.stage not in stages or target not in stages:
        return False
    return target == "live" or (target != "ended" and stages.index(target) > stages.index(found.stage))


def forward_first(found: Checklist) -> list[str]:
    """Return the stages one can go to: onwards first, then back, and the end last."""
    stages = list(signs.STAGES)
    here = stages.index(found.stage) if found.stage in stages else 0

    def rank(target: str) -> tuple[bool, bool, int]:
        at = stages.index(target) if target in stages else len(stages)
        return (target == "ended", at < here and target != "live", at)

    return sorted(found.can_advance_to, key=rank)
