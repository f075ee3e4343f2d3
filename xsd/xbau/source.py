"""Reading `model.txt`: releases, code lists, types and messages as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MODEL = Path(__file__).with_name("model.txt")


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """One release: the tails of its namespaces, its header element and its charset."""

    name: str
    xbau: str
    kernel: str
    kernel_version: str
    header: str
    charset: str


@dataclass(frozen=True, slots=True)
class Child:
    """One child of a type: `alternative` children form one choice, `kernel` ones are qualified as the kernel is."""

    name: str
    type: str
    occurs: str
    alternative: bool
    kernel: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A child together with the releases that have it."""

    child: Child
    releases: frozenset[str]


@dataclass(frozen=True, slots=True)
class Block:
    """A type or message with its children, for the releases that have it."""

    side: str
    name: str
    releases: frozenset[str]
    lines: list[Line] = field(default_factory=list)

    def children(self, release: str) -> list[Child]:
        """Return the children that `release` has, in order."""
        return [line.child for line in self.lines if release in line.releases]


@dataclass(frozen=True, slots=True)
class Source:
    """The whole of `model.txt`; `lists` maps a name to its URI and the version per release."""

    releases: list[ReleaseLine] = field(default_factory=list)
    lists: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    values: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    types: list[Block] = field(default_factory=list)
    messages: list[Block] = field(default_factory=list)

    def codes(self, name: str, version: str) -> list[str]:
        """Return the enumerated codes of a list in one version, or nothing if it is open."""
        return self.values.get((name, version)) or self.values.get((name, "*"), [])


def read(text: str) -> Source:
    """Return what `text` in the notation of `model.txt` says."""
    source = Source()
    current = ""
    for line in text.splitlines():
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if line.startswith(" "):
            blocks = source.messages if current == "message" else source.types
            blocks[-1].lines.append(_line(words, source, blocks[-1].releases))
        else:
            current = words[0]
            _opening(words, source)
    return source


def _opening(words: list[str], source: Source) -> None:
    names = [release.name for release in source.releases]
    match words:
        case ["release", *parts]:
            source.releases.append(ReleaseLine(*parts))
        case ["list", name, uri, *versions]:
            full = f"urn:xoev-de:xbau:codeliste:{name}" if uri == "~" else uri
            source.lists[name] = (full, {r: v for r, v in zip(names, versions, strict=True) if v != "-"})
        case ["values", name, *versions_and_codes]:
            at = versions_and_codes.index(":")
            for version in versions_and_codes[:at]:
                source.values[name, version] = versions_and_codes[at + 1 :]
        case ["type" | "message" as word, side, name, *guard]:
            block = Block(side, name, _releases(guard, names))
            (source.types if word == "type" else source.messages).append(block)
        case _:
            raise ValueError(f"not understood: {' '.join(words)}")


def _line(words: list[str], source: Source, all_releases: frozenset[str]) -> Line:
    alternative = words[0] == "|"
    name, kind, *rest = words[1:] if alternative else words
    occurs = rest.pop(0) if rest and rest[0] in "?*+" else "1"
    names = [release.name for release in source.releases]
    child = Child(name.removeprefix("~"), kind, occurs, alternative, name.startswith("~"))
    return Line(child, _releases(rest, names) & all_releases)


def _releases(guard: list[str], names: list[str]) -> frozenset[str]:
    if not guard:
        return frozenset(names)
    low, dots, high = guard[0].removesuffix("+").partition("..")
    first = names.index(low) if low else 0
    open_end = len(names) - 1 if guard[0].endswith("+") else first
    last = names.index(high) if dots else open_end
    return frozenset(names[first : last + 1])
