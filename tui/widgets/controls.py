"""Which widget a field of a form is entered in, and what stands in it."""

from __future__ import annotations

from typing import Any

from textual.widget import Widget
from textual.widgets import Input, TextArea

from tui.forms import Field, shown
from tui.texts import Texts
from tui.widgets.pick import Pick
from tui.widgets.ticks import Ticks

YES = "yes"


def control(field: Field, value: Any, texts: Texts) -> Widget:
    """Return the widget in which a field is entered."""
    identity = f"field-{field.name}"
    if field.kind == "choice":
        return Pick(field.options, str(value or ""), field.label, texts("dialogs.choose"), id=identity)
    if field.kind == "choices":
        return Ticks(field.options, list(value or ()), id=identity)
    if field.kind == "yes":
        return Ticks([(YES, texts("shell.yes"))], [YES] if value else [], id=identity)
    if field.kind == "long":
        return TextArea(shown(value), id=identity, compact=True, tab_behavior="focus")
    secret = field.kind == "secret"
    return Input(shown(value), id=identity, compact=True, select_on_focus=False, password=secret)


def entered(widget: Widget) -> Any:
    """Return what stands in a field's widget."""
    if isinstance(widget, Pick):
        return widget.value
    if isinstance(widget, Ticks):
        values = [value for value, _ in widget.options]
        return YES in widget.chosen if values == [YES] else sorted(widget.chosen)
    if isinstance(widget, TextArea):
        return widget.text
    assert isinstance(widget, Input)
    return widget.value
