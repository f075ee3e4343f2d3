"""The bottom line: at most five keys, made from the bindings of the screen that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.widget import Widget

from tui.widgets.filter_bar import FilterBar

MOST = 5
MARK = "mark"
HELP = "explain"
"""The action that always keeps its place."""


def _own(screen: Any) -> list[Binding]:
    """Return the bindings that a screen's own class names: they come before those of every list."""
    return [binding for binding in vars(type(screen)).get("BINDINGS", ()) if isinstance(binding, Binding)]


class Foot(Widget):
    """Keys with their words; a click on one is as good as the key."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"foot--key"}

    def __init__(self, word: Callable[[str], str]) -> None:
        super().__init__()
        self._word = word
        self._drawn: list[tuple[str, str]] = []

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _: Any) -> None:
        drawn = [
            (binding.key, self.app.get_key_display(binding) + " " + self._word(binding.description))
            for binding in self._shown()
        ]
        if drawn != self._drawn:
            self._drawn = drawn
            self.refresh()

    def _shown(self) -> list[Binding]:
        enabled = [one for one in self.screen.active_bindings.values() if one.enabled]
        active = [one.binding for one in enabled]
        if any(isinstance(one.node, FilterBar) for one in enabled):
            return [one for one in FilterBar.BINDINGS if isinstance(one, Binding) and one.show]
        names: tuple[str, ...] = getattr(self.screen, "foot", ())
        if names:
            first = [binding for name in names for binding in active if binding.description == name]
        else:
            own = {binding.action for binding in _own(self.screen)}
            first = [binding for binding in active if binding.show and binding.action != HELP]
            first.sort(key=lambda binding: (binding.action not in own, binding.action == MARK))
        once = {binding.action: binding for binding in reversed(first)}
        kept = [binding for binding in first if once.get(binding.action) is binding][: MOST - 1]
        helping = [binding for binding in active if binding.action == HELP]
        return [*kept, *helping[:1]]

    def render(self) -> Text:
        """Draw as many as fit."""
        text = Text(" ", no_wrap=True, overflow="ellipsis")
        for _, label in self._drawn:
            if cell_len(text.plain) + cell_len(label) > self.size.width:
                break
            key, _, word = label.partition(" ")
            text.append(key, self.get_component_rich_style("foot--key"))
            text.append(f" {word}   ")
        return text

    def on_click(self, event: events.Click) -> None:
        """Press the key that stands under the mouse."""
        at = 1
        for key, label in self._drawn:
            if at <= event.x < at + cell_len(label):
                self.app.simulate_key(key)
                return
            at += cell_len(label) + 3
