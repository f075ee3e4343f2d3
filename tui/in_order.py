"""Keys in the order in which they are typed: each has done its work before the next is given to whoever has them then.

Textual puts a key into the queue of the widget that has the focus, but looks at once for bindings that go ahead of it.
Typed fast, pasted, or over a slow line, Ctrl+S would save a form before its last letters are in, and a space would
tick what Tab has gone to meanwhile.
"""

from __future__ import annotations

from collections import deque
from time import monotonic

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.worker import Worker

from tui.parting import Parting

WINDOWS = "dialog"
"""The group of workers that open windows: what is typed while one asks the server is for its window."""

PATIENCE = 0.3
"""Seconds after which the next key is given although nobody has reported the one before (its widget is gone)."""

HOLD, LOOK = 2.0, 0.02
"""Seconds for which keys wait for a window that is still to come, at most, and between two looks whether it has."""

Typed = events.Key | events.Paste


class InOrder(Parting):
    """An application that holds typed keys back while one is being worked on."""

    class Done(Message):
        """Follows a key through every queue, and so arrives here after it; the `again`, after what the key has sent."""

        def __init__(self, serial: int, whom: MessagePump, *, again: bool = False) -> None:
            super().__init__()
            self.serial = serial
            self.whom = whom
            self.again = again

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[Typed] = deque()
        self._serial = 0
        self._busy = False
        self._letter = False
        self._before: Screen[object] | None = None
        self._asking: Worker[object] | None = None
        self._since = 0.0

    async def on_event(self, event: events.Event) -> None:
        """Take a key, or put it behind those that wait."""
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)
        elif self.leaving:
            return
        elif self._busy or self._typed:
            self._typed.append(event)
            serial = self._serial
            self.set_timer(PATIENCE, lambda: self._overdue(serial))
        elif self._window_to_come():
            self._typed.append(event)
            self._wait()
        else:
            await self._give(event)

    def _window_to_come(self) -> bool:
        """Whether a key has begun something here whose window is still to come; a slow server is not waited for."""
        here = None if self.leaving else self.screen
        asking = next(
            (one for one in self.workers if one.group == WINDOWS and one.node is here and not one.is_finished),
            None,
        )
        if asking is not self._asking:
            self._asking, self._since = asking, monotonic()
        return asking is not None and monotonic() - self._since < HOLD

    def _wait(self) -> None:
        self._busy, self._before = True, self.screen
        self._serial += 1
        self._look(self._serial)

    def _look(self, serial: int) -> None:
        """Give the next key once the window is drawn, or will not come."""
        if serial != self._serial or self.leaving:
            return
        if self._window_to_come():
            self.set_timer(LOOK, lambda: self._look(serial))
        else:
            self.screen.call_after_refresh(self._settled, serial)

    async def _give(self, event: Typed) -> None:
        whom: Widget = self.focused or self.screen
        self._busy, self._before = True, self.screen
        self._serial += 1
        self._letter = isinstance(whom, (Input, TextArea)) and (isinstance(event, events.Paste) or event.is_printable)
        await super().on_event(event)
        self._follow(self.Done(self._serial, whom if event.is_forwarded else self))

    def _follow(self, follower: Done) -> None:
        if not follower.whom.post_message(follower):
            self._free()

    async def on_in_order_done(self, event: Done) -> None:
        """Go on; a key that may have opened or moved something first gets the time to be drawn."""
        event.stop()
        if event.serial != self._serial:
            return
        if self._letter or not self._typed or self.leaving:
            self._free()
        elif not event.again:
            self._follow(self.Done(event.serial, event.whom, again=True))
        else:
            self.screen.call_after_refresh(self._settled, event.serial)

    def _settled(self, serial: int) -> None:
        """Wait once more where another screen has come: it takes the keys when it is drawn."""
        if serial != self._serial or self.leaving:
            return
        if self.screen is self._before:
            self._free()
        else:
            self._before = self.screen
            self.screen.call_after_refresh(self._settled, serial)

    def _overdue(self, serial: int) -> None:
        if self._busy and serial == self._serial and not self._window_to_come():
            self._free()

    def _free(self) -> None:
        self._busy = False
        if self._typed:
            self.call_next(self._next)

    async def _next(self) -> None:
        if not self._typed or self._busy or self.leaving:
            return
        if self._window_to_come():
            self._wait()
        else:
            await self._give(self._typed.popleft())
