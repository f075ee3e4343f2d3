"""Our schemas at run time: compiled for validating, and read as shapes for the emitter to follow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.xbau.release import Release
from gateway.xmlguard import compiled

XS = "{http://www.w3.org/2001/XMLSchema}"
PREFIXES = ("xbau", "kern", "g2g")
CHECKED = frozenset({"uuid", "kennung", "documentid", "sha256", "positive", "datetime"})
"""Kinds that also come from the case and its documents, which no model has looked at."""

UNEASY = frozenset({"group", "code", "file", "true", "xmlid", "token"}) | CHECKED
"""Kinds whose value takes more than harmless characters to be right."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a shape: `fixed` is its only value, if it has one."""

    name: str
    kind: str
    required: bool
    fixed: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One element as a release wants it, children in order.

    `opening` and `closing` are its tags, prefix and fixed attributes included (`opening` still lacks its `>`). `kind`
    names the simple type of a value, `code` a code with its list in the attributes, `group` anything with children.
    A value of an `easy` shape needs no more than harmless characters. `low` and `high` count occurrences (`high` None:
    any number). `carrier` is the child that a bare value goes into: the one of the same name, else the first. `needed`
    children must be there, of each of `choices` exactly one. `codes` are the values of a closed
    list, `attributes` those without a fixed value.
    """

    name: str
    opening: str
    closing: str
    kind: str
    easy: bool
    low: int
    high: int | None
    children: tuple[Shape, ...]
    names: frozenset[str]
    carrier: Shape | None
    needed: tuple[str, ...]
    choices: tuple[tuple[str, ...], ...]
    attributes: tuple[Attribute, ...]
    codes: frozenset[str]
    code_list: str
    list_version: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a release: its root shape and the namespace declarations the root carries."""

    number: str
    root: Shape
    namespaces: tuple[tuple[str, str], ...]


@cache
def messages(release: Release) -> Mapping[str, Message]:
    """Return the messages our schemas have in a release, by number."""
    return {message.number: message for message in _Reader(release).messages()}


def message(release: Release, number: str) -> Message:
    """Return one message of a release.

    Raises:
        SubmissionError: the release has no such message.
    """
    found = messages(release).get(number)
    if found is None:
        raise SubmissionError(
            codes.MESSAGE_UNKNOWN,
            f"Die Nachricht {number} gibt es in XBau {release.name} nicht.",
            f"In XBau {release.name} gibt es: {', '.join(messages(release))}.",
        )
    return found


def validator(release: Release, number: str) -> etree.XMLSchema:
    """Return the compiled schema for message `number`; it also holds the other messages of the release.

    Raises:
        SubmissionError: the release has no such message.
    """
    message(release, number)
    return _compiled(release)


@cache
def patterns(release: Release) -> Mapping[str, re.Pattern[str]]:
    """Return what a value of each checked kind must look like."""
    return _Reader(release).patterns()


@cache
def code_lists(release: Release) -> Mapping[str, tuple[str, str]]:
    """Return the code lists our messages use in a release: short name to (URI, version or "")."""
    return _Reader(release).code_lists()


@cache
def _compiled(release: Release) -> etree.XMLSchema:
    with as_file(files("xsd.xbau") / release.name) as folder:
        return compiled(etree.parse(str(folder / "xbau.xsd")))


class _Reader:
    """Reads the schema files of one release; every type is read once and shared."""

    def __init__(self, release: Release) -> None:
        self.roots: list[tuple[str, etree._Element]] = []
        self.types: dict[str, etree._Element] = {}
        self.done: dict[str, _Content] = {}
        self.prefix: dict[str, str] = {}
        names = ("xbau", "kernel", "reference")
        for prefix, name in zip(PREFIXES, names, strict=True):
            resource = files("xsd.xbau") / release.name / f"{name}.xsd"
            if resource.is_file():
                self._take(prefix, etree.fromstring(resource.read_bytes()))

    def _take(self, prefix: str, schema: etree._Element) -> None:
        namespace = schema.get("targetNamespace", "")
        self.prefix[namespace] = prefix
        for child in schema:
            if child.tag == f"{XS}element":
                self.roots.append((namespace, child))
            elif child.tag in (f"{XS}complexType", f"{XS}simpleType"):
                self.types[f"{{{namespace}}}{child.get('name')}"] = child

    def messages(self) -> Iterator[Message]:
        """Yield every root element with its shape."""
        for namespace, element in self.roots:
            kind = element.find(f"{XS}complexType")
            assert kind is not None, "our root elements carry their type"
            prefix, name = self.prefix[namespace], element.get("name", "")
            root = _shape(name, f"{prefix}:{name}", "group", (1, 1), self._content(kind))
            used = {prefix, *_prefixes(root)}
            declared = tuple((short, uri) for uri, short in self.prefix.items() if short in used)
            yield Message(name.rpartition(".")[2], root, declared)

    def code_lists(self) -> dict[str, tuple[str, str]]:
        """Return the fixed list attributes of every code type."""
        found = {}
        for name, element in self.types.items():
            short = name.partition("}")[2]
            if short.startswith("Code."):
                fixed = {a.get("name"): a.get("fixed", "") for a in element.findall(f"{XS}attribute")}
                found[short[5:]] = (fixed.get("listURI", ""), fixed.get("listVersionID", ""))
        return found

    def patterns(self) -> dict[str, re.Pattern[str]]:
        """Return the patterns of the checked kinds."""
        found = {}
        for name, element in self.types.items():
            short, pattern = name.partition("}")[2], element.find(f".//{XS}pattern")
            if short in CHECKED and pattern is not None:
                found[short] = re.compile(pattern.get("value", ""))
        return found

    def _content(self, kind: etree._Element) -> _Content:
        shapes: list[Shape] = []
        choices: list[tuple[str, ...]] = []
        sequence = kind.find(f"{XS}sequence")
        for child in sequence if sequence is not None else ():
            if child.tag == f"{XS}choice":
                alternatives = [self._element(one) for one in child]
                choices.append(tuple(shape.name for shape in alternatives))
                shapes += alternatives
            else:
                shapes.append(self._element(child))
        attributes = tuple(
            Attribute(a.get("name", ""), _local(a.get("type", "")), a.get("use") == "required", a.get("fixed"))
            for a in kind.findall(f"{XS}attribute")
        )
        return _Content(tuple(shapes), tuple(choices), attributes)

    def _element(self, element: etree._Element) -> Shape:
        schema = element.getroottree().getroot()
        form = element.get("form", schema.get("elementFormDefault", "unqualified"))
        name = element.get("name", "")
        namespace = schema.get("targetNamespace", "")
        tag = f"{self.prefix[namespace]}:{name}" if form == "qualified" else name
        most = element.get("maxOccurs", "1")
        occurs = int(element.get("minOccurs", "1")), None if most == "unbounded" else int(most)
        prefix, _, short = element.get("type", "xs:token").partition(":")
        return self._typed(name, tag, f"{{{element.nsmap.get(prefix)}}}{short}", occurs)

    def _typed(self, name: str, tag: str, full: str, occurs: tuple[int, int | None]) -> Shape:
        declared = self.types.get(full)
        short = full.partition("}")[2]
        if declared is None or declared.tag == f"{XS}simpleType":
            return _shape(name, tag, short, occurs, _Content((), (), ()))
        if full not in self.done:
            self.done[full] = self._content(declared)
        content = self.done[full]
        if short != "plaincode" and not short.startswith("Code."):
            return _shape(name, tag, "group", occurs, content)
        values = frozenset(v.get("value", "") for v in declared.iter(f"{XS}enumeration"))
        code_list = short.removeprefix("Code.") if short != "plaincode" else ""
        return _shape(name, tag, "code", occurs, _Content((), (), content.attributes), values, code_list)


@dataclass(frozen=True, slots=True)
class _Content:
    """What a complex type holds."""

    children: tuple[Shape, ...]
    choices: tuple[tuple[str, ...], ...]
    attributes: tuple[Attribute, ...]


def _shape(
    name: str,
    tag: str,
    kind: str,
    occurs: tuple[int, int | None],
    content: _Content,
    values: frozenset[str] = frozenset(),
    code_list: str = "",
) -> Shape:
    fixed = {attribute.name: attribute.fixed for attribute in content.attributes if attribute.fixed is not None}
    chosen = {one for choice in content.choices for one in choice}
    return Shape(
        name=name,
        opening=f"<{tag}" + "".join(f' {key}="{value}"' for key, value in fixed.items()),
        closing=f"</{tag}>\n",
        kind=kind,
        easy=kind not in UNEASY,
        low=occurs[0],
        high=occurs[1],
        children=content.children,
        names=frozenset(child.name for child in content.children),
        carrier=next((child for child in content.children if child.name == name), (*content.children, None)[0]),
        needed=tuple(child.name for child in content.children if child.low and child.name not in chosen),
        choices=content.choices,
        attributes=tuple(attribute for attribute in content.attributes if attribute.fixed is None),
        codes=values,
        code_list=code_list,
        list_version=fixed.get("listVersionID", ""),
    )


def _prefixes(shape: Shape) -> Iterator[str]:
    if ":" in shape.closing:
        yield shape.closing[2:].partition(":")[0]
    for child in shape.children:
        yield from _prefixes(child)


def _local(name: str) -> str:
    return name.rpartition(":")[2]
