"""Which characters an XBau release can carry, and how text and file names are made to fit.

A charset is named by the release table: `latin-1.1` (2.2), `din-spec-c` (2.3.1), `din-c` (2.4, 2.4.0.1),
`din-c+d` (2.5) and `din-c+d-2.6` (2.6).
Sources: String.Latin 1.1, DIN SPEC 91379, DIN 91379:2022 data types C and D, XBau 2.6 `dateiname`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Literal

from gateway.domain.limits import FILE_NAME_CHARACTERS
from gateway.xbau import characters

Kind = Literal["name", "attachment-title", "text", "file-name"]
"""Where the text stands: a plain field, the title of an attachment, running text, or a `dateiname`."""

_GOOD_NAME = re.compile(r"[0-9A-Za-zÄÖÜßäöü](?:(?:[0-9A-Za-zÄÖÜßäöü \-]|_(?!_))*[0-9A-Za-zÄÖÜßäöü])?\.(?:pdf|PDF)")
"""File names that no charset and no file system objects to: nearly all, so most need no closer look."""

CHARSETS = ("latin-1.1", "din-spec-c", "din-c", "din-c+d", "din-c+d-2.6")


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Allowed single characters, and allowed sequences of a base letter with combining marks."""

    token: re.Pattern[str]
    whole: re.Pattern[str]

    def has_all_of(self, text: str) -> bool:
        """Tell whether every piece of `text` is allowed; nearly all text is, and this sees it at once."""
        return self.whole.fullmatch(text) is not None

    def split(self, text: str) -> Iterator[tuple[str, bool]]:
        """Yield every character or allowed sequence of `text`, and whether it is allowed."""
        for match in self.token.finditer(text):
            yield match.group(), match.lastgroup == "good"


def normalise(text: str, charset: str, kind: Kind = "name") -> str:
    """Return `text` in NFC with line ends as newline, invisible characters removed and typographic ones replaced.

    Only what the charset cannot carry is replaced; what has no honest replacement stays for `forbidden` to name.
    """
    if text.isascii() and text.isprintable() and kind != "file-name":
        return text
    plain = unicodedata.normalize("NFC", text).translate(characters.INVISIBLE)
    plain = re.sub("\r\n?|[\x85\u2028\u2029]", "\n", plain)
    alphabet = _alphabet(charset, kind)
    if alphabet.has_all_of(plain):
        return unicodedata.normalize("NFC", plain)
    return unicodedata.normalize("NFC", plain.translate(_replaced(charset, kind)))


def forbidden(text: str, charset: str, kind: Kind = "name") -> list[str]:
    """Return the characters of `text` that the charset does not allow there, each once, as `U+2013 EN DASH`."""
    alphabet = _alphabet(charset, kind)
    if alphabet.has_all_of(text):
        return []
    bad = (piece for piece, good in alphabet.split(text) if not good)
    return list(dict.fromkeys(_described(piece) for piece in bad))


def file_name_for(name: str, charset: str) -> str:
    """Return a valid, harmless `dateiname` made of `name`: no path, at most 140 characters, extension kept.

    Applied to its own result it changes nothing. A name without extension gets `.pdf`, the only type taken at the door.
    """
    if len(name) <= FILE_NAME_CHARACTERS and _GOOD_NAME.fullmatch(name) and not _reserved(name):
        return name
    last = re.split(r"[/\\]", normalise(name, charset, "file-name"))[-1]
    stem, extension = _parted("".join(_spelled(last, charset)).strip(" ."))
    stem = re.sub(r"_{2,}", "_", stem).strip(" .") or "Datei"
    if _reserved(stem):
        stem = f"_{stem}"
    room = FILE_NAME_CHARACTERS - len(extension) - 1
    return f"{_cut(stem, room, charset)}.{extension}"


def file_names_for(names: tuple[str, ...], charset: str) -> tuple[str, ...]:
    """Return one `dateiname` per name, no two alike even where case is ignored; a later twin is numbered `-2`, `-3`."""
    taken: set[str] = set()
    result: list[str] = []
    for name in names:
        wanted = candidate = file_name_for(name, charset)
        for number in count(2):
            if candidate.casefold() not in taken:
                break
            candidate = _numbered(wanted, number, charset)
        taken.add(candidate.casefold())
        result.append(candidate)
    return tuple(result)


def _reserved(name: str) -> bool:
    return name.split(".")[0].rstrip().upper() in characters.RESERVED_NAMES


@lru_cache(maxsize=32)
def _alphabet(charset: str, kind: Kind) -> Alphabet:
    """Return the alphabet of a field; every character of a text is matched by its token pattern, good or not."""
    if charset not in CHARSETS:
        raise ValueError(f"unknown charset {charset!r}")
    members, sequences = _members(charset, kind)
    single = f"[{''.join(_range(part) for part in members.split())}]"
    longest_first = [chain.split("+") for chain in sorted(sequences.split(), key=len, reverse=True)]
    chains = ["".join(_escaped(point) for point in chain) for chain in longest_first]
    seconds = "".join(dict.fromkeys(_escaped(chain[1]) for chain in longest_first))
    # nearly every character stands alone: only where a mark follows are the some two hundred sequences tried
    good = "|".join([f"{single}(?![{seconds}])", *chains, single] if chains else [single])
    return Alphabet(re.compile(f"(?P<good>{good})|(?P<bad>.)", re.DOTALL), re.compile(f"(?:{good})*+"))


@lru_cache(maxsize=32)
def _replaced(charset: str, kind: Kind) -> dict[int, str]:
    """Return what replaces each typographic character that a field cannot carry, as `str.translate` wants it."""
    alphabet = _alphabet(charset, kind)
    return {ord(sign): plain for sign, plain in characters.REPLACEMENTS.items() if not alphabet.has_all_of(sign)}


def _members(charset: str, kind: Kind) -> tuple[str, str]:
    if charset == "latin-1.1":
        return characters.LATIN, characters.LATIN_SEQUENCES
    if kind == "text":
        return characters.XML, ""
    if charset == "din-spec-c":
        return characters.DIN_SPEC_C, characters.DIN_SPEC_SEQUENCES
    sequences = f"{characters.DIN_SPEC_SEQUENCES} {characters.DIN_MORE_SEQUENCES}"
    if charset == "din-c+d-2.6" and kind == "file-name":
        return characters.FILE_NAME, ""
    if charset != "din-c" and kind in ("attachment-title", "file-name"):
        return f"{characters.DIN_LETTERS} {characters.DIN_MORE} {characters.DIN_D}", sequences
    return f"{characters.DIN_SPEC_C} {characters.DIN_MORE}", sequences


def _range(part: str) -> str:
    first, _, last = part.partition("-")
    return _escaped(first) + (f"-{_escaped(last)}" if last else "")


def _escaped(point: str) -> str:
    return f"\\U{int(point, 16):08x}"


def _described(piece: str) -> str:
    """Name the one code point of a forbidden piece; what Unicode leaves nameless is named by its sort."""
    nameless = {"Cc": "CONTROL CHARACTER", "Cs": "SURROGATE"}.get(unicodedata.category(piece), "UNASSIGNED")
    return f"U+{ord(piece):04X} {unicodedata.name(piece, nameless)}"


def _spelled(name: str, charset: str) -> Iterator[str]:
    """Yield the pieces of a file name, each hostile or forbidden one as its bare letter or an underscore."""
    for piece, good in _alphabet(charset, "file-name").split(name):
        if good and piece not in characters.HOSTILE_IN_NAMES:
            yield piece
            continue
        bare = "".join(part for part in unicodedata.normalize("NFKD", piece) if not unicodedata.combining(part))
        yield bare if bare.isascii() and bare.isalnum() else "_"


def _parted(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    if dot and re.fullmatch("(?=.*[A-Za-z])[A-Za-z0-9]{1,10}", extension):
        return stem, extension
    return name, "pdf"


def _numbered(name: str, number: int, charset: str) -> str:
    stem, extension = _parted(name)
    tail = f"-{number}"
    return f"{_cut(stem, FILE_NAME_CHARACTERS - len(extension) - 1 - len(tail), charset)}{tail}.{extension}"


def _cut(stem: str, room: int, charset: str) -> str:
    """Cut between whole pieces, so that no letter loses its marks, and leave no end that file systems drop."""
    if len(stem) <= room:
        return stem
    kept = ""
    for piece, _ in _alphabet(charset, "file-name").split(stem):
        if len(kept) + len(piece) > room:
            return kept.rstrip(" .") or "Datei"
        kept += piece
    return kept
