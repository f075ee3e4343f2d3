"""Expand now, contract a version later: what a revision may do to tables that the version before still works on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gateway.edges.migrations import versions
from gateway.edges.store.schema import FLOOR, REVISIONS

RELEASED = ("0004",)
"""The newest revision of every version that was in operation, oldest first; whoever publishes a version adds a line."""

# an index may go: the version before gets slower at most
TAKING_AWAY = {"drop_table", "drop_column", "drop_constraint", "rename_table", "alter_column"}
MODULES = sorted(Path(versions.__file__).parent.glob("r[0-9]*.py"))
SINCE = [path for path in MODULES if path.name[1:5] > RELEASED[0]]


def upgrade_calls(path: Path) -> list[ast.Call]:
    """Return every call that `upgrade` and its helpers make; `downgrade` may take away what `upgrade` brought."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name != "downgrade"]
    return [call for body in bodies for call in ast.walk(body) if isinstance(call, ast.Call)]


def takes_away(path: Path) -> list[str]:
    """Return what a revision drops, renames or narrows, or adds so that an older program could not write any more."""
    found = []
    for call in upgrade_calls(path):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        text = ast.unparse(call)
        if name in TAKING_AWAY or (name == "execute" and any(word in text.upper() for word in ("DROP ", "RENAME "))):
            found.append(text)
        required = "nullable=False" in text and "server_default" not in text
        if name == "add_column" and required:
            found.append(text)
        if name in ("create_check_constraint", "create_unique_constraint", "create_foreign_key"):
            found.append(text)
        if name == "create_index" and "unique=True" in text:
            found.append(text)
    return found


@pytest.mark.parametrize("path", SINCE, ids=lambda path: path.stem)
def test_a_revision_takes_nothing_away_that_the_version_before_still_uses(path: Path) -> None:
    """One that does must raise the floor: programs older than the last version then no longer start."""
    taken = takes_away(path)
    raised = "UPDATE schema_floor" in path.read_text(encoding="utf-8")
    assert taken == [] or raised, taken


def test_the_floor_leaves_room_for_the_version_before() -> None:
    assert REVISIONS.index(FLOOR) <= REVISIONS.index(RELEASED[-1])
    assert set(RELEASED) <= set(REVISIONS)


@pytest.mark.parametrize(
    "line",
    [
        "op.drop_column('cases', 'x')",
        "op.drop_table('cases')",
        "op.rename_table('cases', 'x')",
        "batch.alter_column('x', nullable=False)",
        "op.add_column('cases', sa.Column('x', sa.String(), nullable=False))",
        "op.execute('ALTER TABLE cases RENAME TO x')",
        "op.create_index('x', 'cases', ['y'], unique=True)",
        "op.create_check_constraint('x', 'cases', 'y')",
    ],
)
def test_the_rule_sees_what_would_break_the_version_before(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r9999_x.py"
    path.write_text(f"def upgrade():\n    {line}\n")
    assert takes_away(path)


@pytest.mark.parametrize(
    "line",
    [
        "op.create_table('x', sa.Column('id', sa.Integer(), nullable=False))",
        "op.add_column('cases', sa.Column('x', sa.String(), nullable=True))",
        "op.add_column('cases', sa.Column('x', sa.String(), nullable=False, server_default=''))",
        "op.create_index('x', 'cases', ['y'])",
        "op.drop_index('x', 'cases')",
        'op.execute("INSERT INTO x VALUES (1)")',
    ],
)
def test_the_rule_lets_pass_what_only_adds(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r9999_x.py"
    path.write_text(f"def upgrade():\n    {line}\n\ndef downgrade():\n    op.drop_table('x')\n")
    assert takes_away(path) == []
