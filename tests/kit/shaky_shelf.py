"""A shelf that can die, lose answers, or let others act at a chosen step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.folder.local import LocalShelf
from adapters.folder.shelf import ShelfError


class Died(BaseException):
    """The process is gone: nothing catches this, and nothing works after it."""


class ShakyShelf:
    """Passes every step to a real shelf; before the `at`-th one `before` is called, after it `after`."""

    def __init__(
        self,
        shelf: LocalShelf,
        at: int = 0,
        before: Callable[[], object] = lambda: None,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        self._shelf, self._at, self._before, self._after = shelf, at, before, after
        self.steps = 0
        self._dead = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        step = getattr(self._shelf, name)

        def through(*arguments: Any) -> Any:
            if self._dead:
                raise Died
            self.steps += 1
            now = self.steps == self._at
            try:
                if now:
                    self._before()
                result = step(*arguments)
                if now:
                    self._after()
            except Died:
                self._dead = True
                raise
            return result

        return through


def die() -> None:
    raise Died


def lose_the_answer() -> None:
    raise ShelfError("Die Verbindung ist abgebrochen.", sure=False)
