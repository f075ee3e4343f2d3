"""The code lists that our messages use, each version as a value. Data: `xsd/xbau/codelists/<name>.json`."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Codelist:
    """One version of a code list: `uri` and `version` as XBau names them, `labels` by code."""

    name: str
    uri: str
    version: str
    labels: Mapping[str, str]

    def __contains__(self, code: object) -> bool:
        return code in self.labels

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def label(self, code: str) -> str:
        """Return the short German label of `code`, or "" if the list has no such code."""
        return self.labels.get(code, "")

    def nearest(self, code: str, n: int = 3) -> tuple[str, ...]:
        """Return up to `n` codes of the list whose code or label is most like what was given, the likeliest first."""
        wanted = code.strip().casefold()
        if not wanted:
            return ()
        scores = {known: max(_alike(wanted, known), _alike(wanted, label)) for known, label in self.labels.items()}
        likely = [known for known in scores if scores[known] >= 0.5]
        return tuple(sorted(likely, key=lambda known: (-scores[known], known))[:n])


@lru_cache(maxsize=128)
def codelist(name: str, version: str) -> Codelist:
    """Return a version of the list `name` (the last part of its URI).

    Raises: LookupError if the product does not hold that list in that version.
    """
    data = _data(name)
    if version not in data["without"]:
        raise LookupError(f"code list {name} is not held in version {version}")
    gone = set(data["without"][version])
    then = data.get("then", {}).get(version, {})
    labels = {code: then.get(code, label) for code, label in data["labels"].items() if code not in gone}
    return Codelist(name, data["uri"], version, MappingProxyType(labels))


def versions(name: str) -> tuple[str, ...]:
    """Return the versions held of the list `name`, oldest first; none if the list is not held at all."""
    try:
        return tuple(_data(name)["without"])
    except LookupError:
        return ()


def newest(name: str) -> Codelist:
    """Return the newest version held of the list `name`. Raises: LookupError if it is not held."""
    return codelist(name, tuple(_data(name)["without"])[-1])


@lru_cache(maxsize=64)
def _data(name: str) -> dict[str, Any]:
    if name not in _held():
        raise LookupError(f"code list {name} is not held")
    data: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8"))
    return data


@cache
def _held() -> frozenset[str]:
    """Return the names of all lists; asked first, so that no name from outside ever becomes a path."""
    return frozenset(place.name.removesuffix(".json") for place in _folder().iterdir())


def _folder() -> Traversable:
    return files("xsd") / "xbau" / "codelists"


def _alike(wanted: str, known: str) -> float:
    """Rate how alike two texts are, from 0 to 1; a beginning or a whole word counts as nearly the same."""
    there = known.casefold()
    if wanted == there:
        return 1.0
    if len(wanted) > 2 and re.search(rf"\b{re.escape(wanted)}", there):
        return 0.9
    return difflib.SequenceMatcher(None, wanted, there).ratio()
