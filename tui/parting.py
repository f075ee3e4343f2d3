"""What still arrives for a screen that is being taken away, or for a console that ends, is in nobody's way.

Textual takes the widgets of a screen away before the messages that wait for it are worked on; whoever looks for one of
them then, or for the screen itself, would end the console with a traceback.
"""

from __future__ import annotations

from textual._context import active_message_pump
from textual.app import App, ScreenStackError
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.worker import WorkerFailed


class Parting(App[None]):
    """An application that lets go of what it is parting with."""

    @property
    def leaving(self) -> bool:
        """Whether the application is ending: nobody is there any more to whom a key could be given."""
        return self._exit or not self.screen_stack

    def _handle_exception(self, error: Exception) -> None:
        """Overlook that something was not found in what is on its way out; everything else ends the console."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        node = active_message_pump.get(None)
        gone = isinstance(node, DOMNode) and any(one._pruning or one._closing for one in node.ancestors_with_self)
        if isinstance(cause, (NoMatches, ScreenStackError)) and (self.leaving or gone):
            self.log.warning(repr(cause))
            return
        super()._handle_exception(error)
