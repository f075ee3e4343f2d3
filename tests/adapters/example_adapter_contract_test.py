"""The adapter contract over the example of a third party, found the way any installed adapter is found."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from gateway.adapter import Plugin
from gateway.adapter_contract import Bench, Check
from tests.kit.adapter_contract import every_check, hold, says_nothing
from tests.kit.musterstadt import Musterstadt
from tests.kit.xta_tls import Pki, make_pki

EXAMPLE = Path(__file__).parents[2] / "examples" / "adapter"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def plugin() -> Plugin:
    """The plugin that the example's own pyproject.toml names."""
    with (EXAMPLE / "pyproject.toml").open("rb") as file:
        named = tomllib.load(file)["project"]["entry-points"]["bauweiche.adapter"]["musterstadt_rest"]
    loaded = EntryPoint("musterstadt_rest", f"examples.adapter.{named}", "bauweiche.adapter").load()
    assert isinstance(loaded, Plugin)
    return loaded


def test_a_whole_adapter_has_less_than_sixty_lines_of_code() -> None:
    text = (EXAMPLE / "musterstadt_rest" / "__init__.py").read_text()
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) < 60


AT_ONCE = ("fetched_messages_are_not_delivered_again", "pick_up_is_seen", "recalls_only_what_was_not_fetched")
"""The example has a message at once: nothing lies there to be fetched or recalled."""


def bench(plugin: Plugin, side: Musterstadt) -> Bench:
    settings = plugin.settings(inbox=f"https://localhost:{side.port}/inbox")  # type: ignore[call-arg]  # its own field
    return Bench(plugin, lambda: plugin.build(settings, side.link()), side)


@every_check(without=AT_ONCE)
def test_the_example_keeps_the_contract(check: Check, plugin: Plugin, tmp_path: Path, pki: Pki) -> None:
    with Musterstadt(tmp_path, pki).running() as side:
        hold(check, bench(plugin, side))


def test_what_is_left_out_says_nothing_about_the_example(plugin: Plugin, tmp_path: Path, pki: Pki) -> None:
    with Musterstadt(tmp_path, pki).running() as side:
        says_nothing(AT_ONCE, lambda: bench(plugin, side))
