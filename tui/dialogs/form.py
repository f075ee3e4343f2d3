"""A form over the screen: checked while it is typed, saved with Ctrl+S; what was typed is never lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantFocus
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.client import STALE, ApiError, FieldFault
from tui.dialogs.choose import Choice, Choose
from tui.dialogs.dialog import Dialog
from tui.forms import Field, faults_of, typed_value
from tui.plain import plain
from tui.texts import Texts
from tui.widgets.controls import control, entered
from tui.widgets.pick import Pick
from tui.widgets.ticks import Ticks

Values = dict[str, Any]
PAUSE_BEFORE_CHECK = 0.3


@dataclass(frozen=True, slots=True)
class Conflict:
    """What somebody else saved meanwhile: lines to read about theirs and mine."""

    name: str
    theirs: Sequence[str]
    mine: Sequence[str]


@dataclass(frozen=True, slots=True)
class Form:
    """What a form asks, and what happens with the answers.

    `save` keeps them or raises ApiError; after a stale ETag `conflict` takes up the new state and says what differs,
    so that a second `save` applies the same answers to it. `check` asks the server while they are typed.
    """

    title: str
    fields: Sequence[Field]
    values: Mapping[str, Any]
    save: Callable[[Values], Awaitable[Any]]
    check: Callable[[Values], Awaitable[list[FieldFault]]] | None = None
    conflict: Callable[[Values], Awaitable[Conflict]] | None = None
    intro: Sequence[str] = ()


class FormWindow(Dialog[Any]):
    """Returns what `save` returned, or None when it was closed."""

    AUTO_FOCUS: ClassVar[str | None] = "Input, Pick, Ticks, TextArea"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "key.save", show=False, priority=True),
        Binding("escape", "cancel", "key.cancel", show=False),
    ]

    def __init__(self, form: Form, texts: Texts) -> None:
        super().__init__(form.title, texts("dialogs.form_hint.line"))
        self.form = form
        self._timer: Timer | None = None
        self._first: Values = {}
        self._touched: set[str] = set()
        self._refused: list[FieldFault] = []
        self._unchecked = False
        self._counted = False

    # -- drawing ------------------------------------------------------------------------------------------------

    def inside(self) -> Iterable[Widget]:
        """The fields in one column, each with its sentence below."""
        intro = [Static(Text(plain(line)), classes="intro", markup=False) for line in self.form.intro]
        yield VerticalScroll(*intro, *(self._row(field) for field in self.form.fields), id="fields", can_focus=False)

    def _row(self, field: Field) -> Widget:
        star = " *" if field.required else ""
        entry = Vertical(
            control(field, self.form.values.get(field.name), self.texts),
            Static(Text(plain(field.help)), classes="note", id=f"note-{field.name}", markup=False),
            classes="entry",
        )
        label = Static(Text(f"{plain(field.label)}{star}"), classes="label", markup=False)
        return Horizontal(label, entry, classes="field")

    def on_mount(self) -> None:
        """Remember what the form began with."""
        super().on_mount()
        self._first = self.raw()

    # -- what is typed ------------------------------------------------------------------------------------------

    def raw(self) -> Values:
        """Return what stands in the fields."""
        return {field.name: entered(self.query_one(f"#field-{field.name}")) for field in self.form.fields}

    def values(self) -> Values:
        """Return what is typed as JSON values."""
        raw = self.raw()
        return {field.name: typed_value(field, raw[field.name]) for field in self.form.fields}

    def faults(self) -> list[FieldFault]:
        """Return what is wrong without asking the server."""
        values = self.values()
        return [fault for field in self.form.fields for fault in faults_of(field, values[field.name], self.texts)]

    def changed(self) -> bool:
        """Return whether anything was typed."""
        return self.raw() != self._first

    # -- checking while typing ----------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check when the typing pauses."""
        self._soon(event.input.id)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Show what is said about the field, and the keys that count in it."""
        name = (event.widget.id or "").removeprefix("field-")
        for note in self.query(f"#note-{name}"):
            self.call_after_refresh(note.scroll_visible, animate=False)
        kind = "pick" if isinstance(event.widget, Pick) else "ticks" if isinstance(event.widget, Ticks) else "line"
        self.hint(self.texts(f"dialogs.form_hint.{kind}"))

    def on_pick_changed(self, event: Pick.Changed) -> None:
        """Check the choice."""
        self._soon(event.pick.id)

    def on_ticks_changed(self, event: Ticks.Changed) -> None:
        """Check the ticks."""
        self._soon(event.ticks.id)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field."""
        event.stop()
        self.focus_next()

    def _soon(self, identity: str | None) -> None:
        if self._first and self.raw() != self._first:
            name = (identity or "").removeprefix("field-")
            self._touched.add(name)
            places = [field.place for field in self.form.fields if field.name == name]
            self._refused = [one for one in self._refused if not any(_concerns(one.pointer, at) for at in places)]
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE_BEFORE_CHECK, self._check)

    @work(exclusive=True, group="check")
    async def _check(self) -> None:
        found = [fault for fault in self.faults() if fault.pointer.strip("/") in self._touched]
        if self.form.check is not None and self._touched:
            try:
                found += await self.form.check(self.values())
            except ApiError as error:
                # What is typed can be checked again later; saving checks it in any case.
                self._unchecked = True
                self.wrong(error.text)
                return
        if self._unchecked or self._counted:
            self._unchecked = False
            self._count(len(found) + len(self._refused) if self._counted else 0)
        self.show_faults([*found, *self._refused])

    def _count(self, open_ones: int) -> None:
        """Say how many fields are still wrong, as long as any is."""
        self._counted = open_ones > 0
        self.wrong(self.texts("dialogs.form_faults", n=open_ones) if open_ones else "")

    def show_faults(self, faults: Sequence[FieldFault]) -> list[FieldFault]:
        """Write each fault below its field; returns those that belong to none."""
        left = list(faults)
        for field in self.form.fields:
            mine = [fault for fault in left if _concerns(fault.pointer, field.place)]
            left = [fault for fault in left if fault not in mine]
            told = "\n".join(dict.fromkeys(f"! {plain(fault.detail)}" for fault in mine))
            note = self.query_one(f"#note-{field.name}", Static)
            note.update(Text(told or plain(field.help)))
            note.set_class(bool(mine), "-fault")
        return left

    # -- saving -------------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Save, unless something is wrong already here."""
        if self.busy:
            return
        faults = self.faults()
        self._touched = {field.name for field in self.form.fields}
        self.show_faults(faults)
        if faults:
            self._count(len(faults))
            self._focus_first(faults)
        elif self.begin():
            self._save()

    def _focus_first(self, faults: Sequence[FieldFault]) -> None:
        first = next(
            (one for one in self.form.fields if any(_concerns(fault.pointer, one.place) for fault in faults)), None
        )
        if first is not None:
            self.set_focus(self.query_one(f"#field-{first.name}"))
            note = self.query_one(f"#note-{first.name}")
            self.call_after_refresh(note.scroll_visible, animate=False, force=True)

    @work(group="save")
    async def _save(self) -> None:
        self.under_way(self.texts("dialogs.form_saving"))
        try:
            done = await self.form.save(self.values())
        except ApiError as error:
            if error.code == STALE and self.form.conflict is not None:
                await self._resolve()
                return
            self.busy = False
            self._refused = list(error.faults)
            left = self.show_faults(error.faults)
            self.wrong(error.with_faults(left))
            self._focus_first(error.faults)
        else:
            self.dismiss(True if done is None else done)

    async def _resolve(self) -> None:
        """Somebody else was faster: show both, keep what was typed, let the person decide."""
        assert self.form.conflict is not None
        try:
            conflict = await self.form.conflict(self.values())
        except ApiError as error:
            self.busy = False
            self.wrong(error.text)
            return
        answer = await self.app.push_screen_wait(_conflict_window(conflict, self.texts))
        self.wrong("")
        if answer == "apply":
            self._save()
        elif answer == "drop":
            self.dismiss(None)
        else:
            self.busy = False

    def action_cancel(self) -> None:
        """Close, unless it is being saved; what was typed is only thrown away when the person says so."""
        if not self.busy:
            self._leave()

    @work(exclusive=True, group="cancel")
    async def _leave(self) -> None:
        if self.changed():
            choices = [Choice("no", self.texts("dialogs.discard_no")), Choice("yes", self.texts("dialogs.discard_yes"))]
            if await self.app.push_screen_wait(Choose(self.texts("dialogs.discard"), choices)) != "yes":
                return
        self.dismiss(None)


def _concerns(pointer: str, place: str) -> bool:
    """Return whether a fault's pointer means a field, also where the server names it inside a larger body."""
    return pointer == place or pointer.startswith(place + "/") or pointer.endswith(place)


def _conflict_window(conflict: Conflict, texts: Texts) -> Choose:
    body = [
        texts("dialogs.conflict_text", name=plain(conflict.name)),
        "",
        texts("dialogs.conflict_theirs"),
        *(conflict.theirs or [texts("dialogs.conflict_none")]),
        "",
        texts("dialogs.conflict_mine"),
        *conflict.mine,
    ]
    choices = [Choice(name, texts(f"dialogs.conflict_{name}")) for name in ("back", "apply", "drop")]
    return Choose(texts("dialogs.conflict"), choices, body)
