"""The corpora of attacks: data files in `tests/attacks/corpus`, one per door, with recipe and expected answer.

A recipe is a text, or `{"text": …}`, `{"hex": …}`, `{"text": …, "encoding": …}`, `{"times": n, "of": recipe}`, or a
list of recipes, which are joined.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "attacks" / "corpus"


def corpus(door: str) -> dict[str, dict[str, Any]]:
    """Return the attacks on a door by name; no name stands twice."""
    found: dict[str, dict[str, Any]] = json.loads(
        (FOLDER / f"{door}.json").read_text(encoding="utf-8"), object_pairs_hook=_once
    )
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    assert len(found) == len(pairs), "a name stands twice"
    return found


def octets(recipe: Any) -> bytes:
    """Return what a recipe makes."""
    if isinstance(recipe, str):
        return recipe.encode("utf-8", "surrogatepass")
    if isinstance(recipe, list):
        return b"".join(map(octets, recipe))
    if "hex" in recipe:
        return bytes.fromhex(recipe["hex"])
    if "of" in recipe:
        return octets(recipe["of"]) * int(recipe["times"])
    text: str = recipe["text"]
    return text.encode(recipe.get("encoding", "utf-8"), "surrogatepass")


def text(recipe: Any) -> str:
    """Return what a recipe makes as text; lone surrogates are possible."""
    return octets(recipe).decode("utf-8", "surrogatepass")


def patched(value: Any, changes: dict[str, Any]) -> Any:
    """Return a copy of a JSON value with places set (`{"made": recipe}`: to its text) or gone (`{"drop": true}`)."""
    found = deepcopy(value)
    for place, new in changes.items():
        *way, last = place.split("/")[1:]
        at = found
        for step in way:
            at = at[int(step) if isinstance(at, list) else step]
        key = int(last) if isinstance(at, list) else last
        if new == {"drop": True}:
            del at[key]
        else:
            at[key] = text(new["made"]) if isinstance(new, dict) and "made" in new else new
    return found
