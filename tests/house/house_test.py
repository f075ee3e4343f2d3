"""The house rules that a test can hold: small rooms, short functions, one glossary, nothing hidden."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("gateway", "adapters", "tui", "xsd", "examples", "bench", "proof")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in ("gateway", "adapters", "tui")]

MODULE_LINES = 300
FUNCTION_LINES = 45


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_module_outgrows_its_room() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: count for name, count in lines.items() if count > MODULE_LINES} == {}


def test_functions_are_short() -> None:
    long = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    long[f"{name_of(path)}:{node.name}"] = length
    assert long == {}


def test_every_module_and_every_public_class_and_function_states_its_promise() -> None:
    silent = []
    for path in PRODUCT:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if tree.body and not ast.get_docstring(tree):
            silent.append(name_of(path))
        for node in tree.body:
            public = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_"
            if public and not ast.get_docstring(node):  # type: ignore[arg-type]  # public says which nodes these are
                silent.append(f"{name_of(path)}:{node.name}")  # type: ignore[union-attr]  # same
    assert silent == []


def test_the_product_imports_only_libraries_that_its_own_installation_brings() -> None:
    """The environment of the tests holds more; a server is installed from `requirements/runtime.in` alone."""
    text = (ROOT / "requirements" / "runtime.in").read_text(encoding="utf-8")
    declared = {re.split(r"[\[<>=~]", line)[0].strip().lower() for line in text.splitlines()}
    distributions = importlib.metadata.packages_distributions()
    ours = {"gateway", "adapters", "tui", "xsd"} | sys.stdlib_module_names
    foreign = set()
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [str(node.module)]
            foreign |= {
                name
                for name in (full.split(".")[0] for full in names)
                if name not in ours
                and not declared & {dist.lower().replace("_", "-") for dist in distributions.get(name, [])}
            }
    assert foreign == set()


@pytest.mark.parametrize("word", ["Zustellung", "zustellung"])
def test_transport_is_never_called_zustellung(word: str) -> None:
    """A Zustellung is a legal act (glossary); XBau's own names for messages and elements are the exception."""
    found = [
        f"{name_of(path)}:{number}"
        for path in PRODUCT
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if word in line and not re.search("zustellungSchreiben|zustellung_positiver|1141", line)
    ]
    assert found == []


def test_nothing_names_a_registry_host_or_a_path_of_some_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hosts = re.compile(r"py" r"pi\.org|python" r"hosted|npm" r"js|deb\." r"debian")
    paths = re.compile(r"(?<![A-Za-z0-9_.])/(?:wo" r"rk|ro" r"ot|fa" r"rm)/")
    wrong = []
    for name in filter(None, tracked.split("\0")):
        path = ROOT / name
        if not path.is_file() or path.suffix in (".png", ".pdf", ".xlsx"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if hosts.search(text) or paths.search(text):
            wrong.append(name)
    assert wrong == []


def test_no_clock_and_no_chance_below_the_wiring() -> None:
    """Clock and ids are handed in (DESIGN section 8), so that tests and rehearsals are exact."""
    calls = re.compile(r"\b(datetime\.now|date\.today|uuid4|time\.time)\(")
    allowed = (
        "gateway/sight.py",
        "gateway/wiring.py",
        "gateway/commands/",
        "gateway/demo/",
        "gateway/api/app.py",
        "gateway/adapter_contract/",
        "tui/",
    )
    wrong = [
        f"{name_of(path)}:{number}"
        for path in PRODUCT
        if not name_of(path).startswith(allowed)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if calls.search(line)
    ]
    assert wrong == []


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    heavy = "{'textual', 'zeep', 'xmlschema', 'fastapi', 'typst', 'asyncssh', 'pydantic'}"
    program = (
        f"import sys; from gateway.main import build; build(['trace']); print(sorted({heavy} & sys.modules.keys()))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert shown.strip() == "[]"


def test_every_command_is_in_the_table_under_its_own_word() -> None:
    from gateway.main import COMMANDS, GROUPS, build

    whole = build()
    commands = {info.name or info.callback.__name__ for info in whole.registered_commands if info.callback}
    groups = {info.typer_instance.info.name for info in whole.registered_groups if info.typer_instance}
    assert commands == set(COMMANDS)
    assert groups == set(GROUPS)


def test_what_differs_between_xbau_releases_stands_in_the_release_table_alone() -> None:
    from gateway.xbau.release import RELEASES

    allowed = {"gateway/xbau/release.py"}
    named = {}
    for path in PRODUCT:
        if name_of(path) in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare | ast.Match | ast.Set | ast.Dict):
                strings = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
                if found := sorted(str(one) for one in strings & RELEASES.keys()):
                    named[f"{name_of(path)}:{node.lineno}"] = found
    assert named == {}


def test_schemas_are_compiled_at_one_place_that_has_made_libxml2_ready_for_threads() -> None:
    made = [name_of(path) for path in PRODUCT if "etree.XMLSchema(" in path.read_text(encoding="utf-8")]
    assert made == ["gateway/xmlguard.py"]
