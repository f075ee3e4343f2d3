"""One setting: its default, the sentence about it, what it may be, and how it is read from text or TOML."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field
from pathlib import Path
from typing import Any

YES, NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting may be; `says` is the sentence of docs/einstellungen.md."""

    says: str
    least: float | None = None
    above: float | None = None
    most: float | None = None
    longest: int | None = None
    pattern: str = ""
    of: tuple[str, ...] = ()

    def check(self, value: object) -> None:
        """Accept a value.

        Raises:
            ValueError: it is none of those allowed (a German clause).
        """
        if isinstance(value, int | float):
            if not self._within(value):
                raise ValueError(f"erlaubt ist {self._range()}, angegeben ist {value}")
        elif self.of and value not in self.of:
            raise ValueError(f"erlaubt ist {' oder '.join(self.of)}")
        elif self.pattern and not re.fullmatch(self.pattern, str(value)):
            raise ValueError(f"erlaubt ist, was auf {self.pattern} passt")
        elif self.longest is not None and len(str(value)) > self.longest:
            raise ValueError(f"erlaubt sind höchstens {self.longest} Zeichen")

    def _within(self, value: float) -> bool:
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
        )

    def _range(self) -> str:
        low = f"mehr als {self.above}" if self.above is not None else "" if self.least is None else f"ab {self.least}"
        return f"{low} bis {self.most}".strip() if self.most is not None else low


def setting(default: Any, says: str, **limits: Any) -> Any:
    """Return a field of the settings."""
    return field(default=default, metadata={"rule": Rule(says, **limits)})


def rule(one: Field[Any]) -> Rule:
    """Return what a field of the settings may be."""
    found = one.metadata["rule"]
    assert isinstance(found, Rule)
    return found


def read(one: Field[Any], given: object) -> Any:
    """Return the value of a setting as it was written in TOML, or as text in the environment.

    Raises:
        ValueError: it is not of its kind, or none of those allowed (a German clause).
    """
    kind = str(one.type)
    if kind.endswith(" | None"):
        if given == "":
            return None
        kind = kind.removesuffix(" | None")
    value = READERS[kind](given)
    rule(one).check(value)
    return value


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError("erwartet wird ein Text")
    return given


def _whole(given: object) -> int:
    try:
        if isinstance(given, bool) or not isinstance(given, int | str):
            raise ValueError
        return int(given)
    except ValueError:
        raise ValueError("erwartet wird eine ganze Zahl") from None


def _number(given: object) -> float:
    try:
        if isinstance(given, bool) or not isinstance(given, int | float | str):
            raise ValueError
        if not math.isfinite(given := float(given)):
            raise ValueError
        return given
    except ValueError:
        raise ValueError("erwartet wird eine Zahl") from None


def _choice(given: object) -> bool:
    word = str(given).strip().lower()
    if word not in YES + NO:
        raise ValueError("erwartet wird true oder false")
    return word in YES


def _list(given: object) -> tuple[str, ...]:
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise ValueError('erwartet wird eine Liste von Texten wie ["a", "b"]')
    return tuple(found)


READERS: Mapping[str, Callable[[object], Any]] = {
    "str": _text,
    "int": _whole,
    "float": _number,
    "bool": _choice,
    "Encryption": _text,
    "Path": lambda given: Path(_text(given)),
    "tuple[str, ...]": _list,
}
"""How a value is read, by the type of its field as it is written there."""
