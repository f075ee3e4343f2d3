"""The command line changes an authority only over what it has read: nobody overwrites anybody silently."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.commands import authorities
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Phase
from gateway.ports import World
from tests.kit.installation import OELDE, WARENDORF, Installation, installation


@dataclass
class Seat:
    """A person at the installation of the test."""

    world: World
    actor: str = "operator:erste"
    read_only: bool = False

    @contextmanager
    def open(self) -> Iterator[World]:
        yield self.world


class Watched:
    """A store that lets somebody else act as soon as what it was asked has been read."""

    def __init__(self, store: Any, act: Callable[[], None]) -> None:
        self._store = store
        self._act: Callable[[], None] | None = act

    @contextmanager
    def reading(self) -> Iterator[Any]:
        with self._store.reading() as tx:
            yield tx
        if self._act is not None:
            act, self._act = self._act, None
            act()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        made.takes_part(WARENDORF, phase=Phase.TEST)
        made.takes_part(OELDE, phase=Phase.TEST)
        yield made


def run(world: World, *arguments: str, given: str = "") -> Result:
    """Run one command of `bauweiche authorities`."""
    whole = typer.Typer()
    whole.add_typer(authorities.app, name="authorities")
    return CliRunner().invoke(whole, ["authorities", *arguments], obj=Seat(world), input=given)


def noted(installed: Installation, key: AuthorityKey) -> list[str]:
    """Return the remarks of an authority's settings, oldest first."""
    with installed.world.store.reading() as tx:
        return [one.note for one in tx.registry.history(key)]


def disturbed(installed: Installation, *keys: AuthorityKey) -> World:
    """Return the world of an installation in which a second person changes authorities after the first look."""

    def act() -> None:
        for key in keys:
            installed.takes_part(key, phase=Phase.TEST, note="von der Zweiten")

    store: Any = Watched(installed.world.store, act)
    return replace(installed.world, store=store)


def test_a_setting_is_not_put_over_what_somebody_else_changed_meanwhile(installed: Installation) -> None:
    ended = run(disturbed(installed, WARENDORF), "set", WARENDORF, "--note", "von der Ersten", "--reason", "Test")
    assert ended.exit_code != 0
    assert "1 Behörde hat jemand anderes inzwischen geändert; es wurde nichts überschrieben." in ended.output
    assert noted(installed, WARENDORF) == ["von der Zweiten"]


def test_a_file_is_taken_whole_or_not_at_all_when_somebody_else_was_quicker(installed: Installation) -> None:
    shown = json.loads(run(installed.world, "export", "--json").stdout)
    for one in shown:
        one["note"] = "von der Ersten"
    given = json.dumps(shown)
    ended = run(disturbed(installed, OELDE), "import", "-", "--reason", "Test", given=given)
    assert ended.exit_code != 0
    assert f"/seen/{OELDE}" in ended.output
    assert (noted(installed, WARENDORF), noted(installed, OELDE)) == ([""], ["von der Zweiten"])
    assert run(installed.world, "import", "-", "--reason", "Test", given=given).exit_code == 0
    assert (noted(installed, WARENDORF), noted(installed, OELDE)) == (["von der Ersten"], ["von der Ersten"])


def test_a_setting_can_be_bound_to_the_state_that_was_seen_earlier(installed: Installation) -> None:
    seen = json.loads(run(installed.world, "show", WARENDORF, "--json").stdout)["etag"]
    first = run(installed.world, "set", WARENDORF, "--note", "eins", "--reason", "Test", "--seen", seen)
    assert first.exit_code == 0, first.output
    second = run(installed.world, "set", WARENDORF, "--note", "zwei", "--reason", "Test", "--seen", seen)
    assert second.exit_code != 0
    assert "zwei" not in noted(installed, WARENDORF)
