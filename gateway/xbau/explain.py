"""Saying in German what a schema finds wrong. Slow (xmlschema), so only asked once libxml2 has said no."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import as_file, files
from itertools import islice
from pathlib import Path

import xmlschema
from lxml import etree
from xmlschema.validators import XMLSchemaChildrenValidationError, XMLSchemaDecodeError, XMLSchemaValidationError

from gateway.xbau.charset import forbidden
from gateway.xbau.findings import Finding
from gateway.xbau.official import DRIVER, KERNEL_DRIVER, drivers_of, official_files
from gateway.xbau.release import Release
from gateway.xbau.replies.walk import MOST, line_of, path_of

KINDS = {
    "date": "ein Datum (JJJJ-MM-TT)",
    "dateTime": "ein Zeitpunkt (JJJJ-MM-TTThh:mm:ss)",
    "boolean": "true oder false",
    "integer": "eine ganze Zahl",
    "nonNegativeInteger": "eine ganze Zahl ab 0",
    "positiveInteger": "eine ganze Zahl ab 1",
    "int": "eine ganze Zahl",
    "decimal": "eine Zahl mit Punkt als Dezimalzeichen",
    "double": "eine Zahl",
    "gYear": "ein Jahr",
    "base64Binary": "base64",
    "anyURI": "eine Adresse (URI)",
    "ID": "eine Kennung, die nur einmal vorkommt und mit Buchstabe oder _ beginnt",
    "token": "ein Text ohne doppelte Leerzeichen",
}

_FIXED = re.compile(r"attribute '(\w+)' has a fixed value '(.*)'")
_NEEDED = re.compile(r"missing required attribute '(\w+)'")
_EXTRA = re.compile(r"'(.+)' attribute not allowed")
_SENTENCES = (
    ("character data between child elements", "Zwischen den Elementen steht Text, hier dürfen nur Elemente stehen."),
    ("simple content element can't have child", "Hier darf nur ein Wert stehen, keine weiteren Elemente."),
    ("is not an element of the schema", "Dieses Wurzelelement kennt das Schema nicht."),
    ("must be positive", "Die Zahl muss mindestens 1 sein."),
    ("must be non negative", "Die Zahl darf nicht negativ sein."),
    ("not nillable", "Das Element darf nicht als leer (xsi:nil) gekennzeichnet sein."),
)


def explain(root: etree._Element, schema: xmlschema.XMLSchema, release: Release, source: str) -> Iterator[Finding]:
    """Yield what a schema finds wrong with a message, in the order of the document, at most a hundred."""
    try:
        for error in islice(schema.iter_errors(root, use_location_hints=False), MOST):
            yield _finding(error, release, source)
    except (xmlschema.XMLSchemaException, ValueError, RecursionError):
        return  # a hostile xsi:type ends it; what libxml2 said stands anyway


@lru_cache(maxsize=8)
def our_schema(release: Release) -> xmlschema.XMLSchema:
    """Return our schema of a release, for explaining."""
    with as_file(files("xsd.xbau") / release.name) as folder:
        return xmlschema.XMLSchema(str(folder / "xbau.xsd"), allow="local", defuse="always")


@lru_cache(maxsize=8)
def official_schema_to_explain(folder: Path, release_name: str) -> xmlschema.XMLSchema:
    """Return the official schema of a release, for explaining; takes about two seconds the first time."""
    found = official_files(folder, release_name)
    drivers = drivers_of({name: path.read_bytes() for name, path in found.items()})

    def place(location: str) -> str:
        name = re.split(r"[/\\]", location)[-1]
        return found[name].as_uri() if name in found else location

    def load(text: bytes, known: xmlschema.XMLSchema | None) -> xmlschema.XMLSchema:
        return xmlschema.XMLSchema(
            text.decode(), base_url=str(folder / release_name / "xsd_dev"), allow="local", defuse="always",
            uri_mapper=place, build=known is not None or KERNEL_DRIVER not in drivers,
            global_maps=None if known is None else known.maps,
        )  # fmt: skip

    kernel = load(drivers[KERNEL_DRIVER], None) if KERNEL_DRIVER in drivers else None
    return load(drivers[DRIVER].replace(b'schemaLocation="%s"' % KERNEL_DRIVER.encode(), b""), kernel)


def _finding(error: XMLSchemaValidationError, release: Release, source: str) -> Finding:
    element = error.elem if isinstance(error.elem, etree._Element) else None
    path = "/" if element is None else path_of(element)
    original = " ".join(str(error.reason).split())[:500]
    if isinstance(error, XMLSchemaChildrenValidationError):
        sentence, step = _misplaced(error)
        path += step
    else:
        sentence = _sentence(error, original, release)
    return Finding(path, None if element is None else line_of(element), sentence, original, source)


def _misplaced(error: XMLSchemaChildrenValidationError) -> tuple[str, str]:
    """Return what is wrong with the children of an element, and the further step of the path."""
    child = error.invalid_child if isinstance(error.invalid_child, etree._Element) else None
    names = [str(name) for name in (getattr(one, "name", None) for one in error.expected or ()) if name]
    # xmlschema also lists the element itself where it would be right one place later
    expected = [name for name in names if child is None or name != child.tag]
    wanted = " oder ".join(sorted({_bare(name) for name in expected}))
    if child is None:
        return (f"Es fehlt {wanted}." if wanted else "Der Inhalt ist unvollständig."), f"/{wanted}" * (
            len(expected) == 1
        )
    tag = _bare(str(child.tag))
    step = path_of(child)[len(path_of(error.elem)) :]
    if tag in {_bare(name) for name in expected}:
        return f"{tag} steht im falschen Namensraum.", step
    if wanted:
        return f"{tag} steht hier falsch, erwartet wird {wanted}.", step
    return f"{tag} ist hier nicht vorgesehen oder steht zu oft da.", step


def _sentence(error: XMLSchemaValidationError, original: str, release: Release) -> str:
    value = error.obj if isinstance(error.obj, str) else ""
    kind = type(error.validator).__name__
    if kind == "XsdEnumerationFacets":
        return _not_listed(value, [str(one) for one in getattr(error.validator, "enumeration", ())])
    if kind == "XsdPatternFacets":
        return _not_matching(value, [str(one) for one in getattr(error.validator, "regexps", ())], release)
    if "Length" in kind:
        return (
            f"Der Wert {_short(value)} hat nicht die erlaubte Länge ({getattr(error.validator, 'value', '?')} Zeichen)."
        )
    if kind.startswith(("XsdMin", "XsdMax")):
        return f"Der Wert {_short(value)} liegt außerhalb der Grenze {getattr(error.validator, 'value', '?')}."
    if isinstance(error, XMLSchemaDecodeError):
        name = str(getattr(error.validator, "local_name", ""))
        return f"Erwartet wird {KINDS.get(name, f'ein Wert vom Typ {name}')}, nicht {_short(value)}."
    for pattern, text in ((_FIXED, "Das Attribut {} muss {} sein."), (_NEEDED, "Das Attribut {} fehlt."),
                          (_EXTRA, "Das Attribut {} ist hier nicht vorgesehen.")):  # fmt: skip
        if match := pattern.search(original):
            return text.format(*match.groups())
    return next((said for part, said in _SENTENCES if part in original), "Die Angabe entspricht nicht dem Schema.")


def _not_listed(value: str, allowed: list[str]) -> str:
    if len(allowed) <= 12:
        return f"Den Wert {_short(value)} gibt es nicht, erlaubt sind {', '.join(allowed)}."
    near = difflib.get_close_matches(value, allowed, 3, 0)
    return f"Den Wert {_short(value)} gibt es nicht, am ähnlichsten sind {', '.join(near)}."


def _not_matching(value: str, patterns: list[str], release: Release) -> str:
    found: list[str] = []
    if any(len(pattern) > 500 for pattern in patterns):  # only the character sets are that long
        found = forbidden(value, release.charset) or forbidden(value, release.charset, "attachment-title")
    elif any("§" in pattern for pattern in patterns):  # only file names allow so odd a choice
        found = forbidden(value, release.charset, "file-name")
    if found:
        return f"Der Wert enthält Zeichen, die XBau {release.name} hier nicht erlaubt: {', '.join(found[:5])}."
    return f"Der Wert {_short(value)} hat nicht die verlangte Form."


def _bare(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2]


def _short(value: str) -> str:
    return f"„{value}“" if len(value) <= 60 else f"„{value[:57]}…“"
