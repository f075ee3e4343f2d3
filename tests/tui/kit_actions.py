"""Which keys there are in the console, and a console that notes which of them were really carried out."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding
from textual.dom import DOMNode

import tui
from tui.app import Console
from tui.page import Page

carried_out: set[str] = set()
"""The actions of the test that is running, as `Class.action` with the class that has the binding."""


class Watched(Console):
    """The console itself; it only notes every action that a key has carried out."""

    CSS_PATH: ClassVar[str] = str(Path(tui.__path__[0]) / "console.tcss")

    async def run_action(
        self, action: Any, default_namespace: DOMNode | None = None, namespaces: Mapping[str, DOMNode] | None = None
    ) -> bool:
        """Carry it out as ever, and note it if it was."""
        page = self.screen
        done = await super().run_action(action, default_namespace, namespaces)
        if done and default_namespace is not None:
            carried_out.update(f"{one.__name__}.{action}" for one in type(default_namespace).__mro__)
            if action == "twin" and isinstance(page, Page):
                carried_out.add(f"{type(page).__name__}.twin")
        return done


def every_action() -> set[str]:
    """Return every action that a class of the console binds to a key; the command twin for each screen of its own."""
    found = set()
    for one in set(_classes()):
        found |= {
            f"{one.__name__}.{bound.action}" for bound in vars(one).get("BINDINGS", ()) if isinstance(bound, Binding)
        }
        if issubclass(one, Page) and one is not Page and "twin" in vars(one):
            found.add(f"{one.__name__}.twin")
    return found


def _classes() -> Iterator[type[DOMNode]]:
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if module.name != "tui.__main__":
            for one in vars(importlib.import_module(module.name)).values():
                if isinstance(one, type) and issubclass(one, DOMNode) and one.__module__ == module.name:
                    yield one
