"""Turns among the threads of one process: first come, first served."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock, get_ident

from gateway.edges.store.faults import locked


class Turns:
    """Gives one thread at a time its turn in the order they asked; a plain lock lets a busy thread starve others."""

    def __init__(self, patience: timedelta) -> None:
        self._patience = patience.total_seconds()
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._taken = False
        self._holder = 0

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Wait for a turn and hold it.

        Raises:
            ConfigurationError: DRAINING, it did not come in time.
            RuntimeError: the thread holds a turn already and would wait for itself.
        """
        if self._holder == get_ident():
            raise RuntimeError("a writing block inside a writing block would wait for itself")
        if not self._take():
            raise locked()
        self._holder = get_ident()
        try:
            yield
        finally:
            self._holder = 0
            self._pass_on()

    def _take(self) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            place = Lock()
            place.acquire()
            self._waiting.append(place)
        if place.acquire(timeout=self._patience):
            return True
        with self._guard:
            if place in self._waiting:
                self._waiting.remove(place)
                return False
        return True  # it came in the very moment that patience ended

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
