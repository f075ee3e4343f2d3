"""What is documented is what is there: errors, settings, commands, changelog."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.domain import codes
from gateway.main import app
from gateway.setting import rule
from gateway.settings import Settings

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_error_code_is_documented_with_its_status_actor_and_title() -> None:
    rows = {match[1]: match[0] for match in re.finditer(r"^\| `([a-z-]+)` .*$", read("docs/errors.md"), re.MULTILINE)}
    assert rows.keys() == codes.EVERY.keys()
    for name, code in codes.EVERY.items():
        assert f"| {code.status} |" in rows[name], name
        assert code.title in rows[name], name
        assert not code.kennzahl or code.kennzahl in rows[name], name


def test_every_setting_is_documented_with_its_sentence() -> None:
    text = read("docs/einstellungen.md")
    for one in fields(Settings):
        assert f"`{one.name}`" in text, one.name
        assert rule(one).says, one.name


def commands() -> list[list[str]]:
    """Every `bauweiche …` line of the README and the guides, as arguments."""
    found = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for block in re.findall(r"```(?:sh|console|bash)\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                match = re.match(r"^\s*\$?\s*bauweiche\s+(.*)$", line.partition(" #")[0])
                if match:
                    found.append(shlex.split(match.group(1).split("&&")[0].split("|")[0].split(">")[0]))
    return found


@pytest.mark.parametrize("arguments", commands(), ids=" ".join)
def test_every_command_in_the_documents_exists(arguments: list[str]) -> None:
    runner, path = CliRunner(), []
    words = [word for word in arguments if not word.startswith("-")]
    if arguments[:1] == ["--state"]:
        words = words[1:]
    for word in words[:2]:
        shown = runner.invoke(app, [*path, "--help"]).output
        if re.search(rf"^\s{{2}}{re.escape(word)}(\s|$)", shown, re.MULTILINE):
            path.append(word)
    assert path, arguments
    assert runner.invoke(app, [*path, "--help"]).exit_code == 0


def test_the_changelog_begins_with_what_is_not_released_yet() -> None:
    assert "## [Unreleased]" in read("CHANGELOG.md")


def test_decision_records_are_short_and_numbered_without_gaps() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 30, path.name


def test_the_portal_guide_names_only_addresses_that_exist() -> None:
    from gateway.api.app import inner_app
    from gateway.edges.gate import Gate

    served = inner_app(None, Gate(), {}, "TEST").openapi()["paths"]  # type: ignore[arg-type]  # nothing is asked of it
    shapes = {re.sub(r"\{\w+\}", "{}", path) for path in served}
    named = re.findall(r"/v1/[a-z{][\w{}$/.-]*", read("docs/portal-api.md"))
    assert len(named) > 10
    for path in set(named) - {"/v1/openapi.json"}:
        assert re.sub(r"\$id|\{\w+\}|(?<=attachments/)\d+", "{}", path) in shapes, path
