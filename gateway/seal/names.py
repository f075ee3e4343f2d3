"""File names for what comes out of an envelope: the wanted name is the applicant's data, the written one is ours."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

LENGTH = 120
"""Bytes of a written file name in UTF-8, at most; leaves room for a temporary suffix under the usual 255."""

_FORBIDDEN = set('<>:"/\\|?*')
_DEVICES = {
    *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
    *(f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"),
}


def safe_name(wanted: str, fallback: str, taken: Collection[str] = ()) -> str:
    """Return a file name close to `wanted` that is one harmless path component on Linux, macOS and Windows.

    Control, direction and invisible characters, separators and reserved characters become `_`, so does a leading `-`,
    which a command would read as an option; leading dots and trailing dots and blanks go; a name that is then empty or
    a Windows device becomes `fallback`. A name that is `taken`, whatever its letter case, gets a number. `fallback`
    must be safe itself.
    """
    text = unicodedata.normalize("NFC", wanted)
    text = "".join("_" if character in _FORBIDDEN or _hidden(character) else character for character in text)
    text = text.strip().lstrip(".").rstrip(". ").strip()
    text = "_" + text[1:] if text.startswith("-") else text
    stem, dot, suffix = text.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, dot, suffix = text, "", ""
    if not stem.strip("_ ") or stem.split(".")[0].strip().upper() in _DEVICES:
        stem, dot, suffix = fallback.rpartition(".")
        stem = stem or suffix
    return _free(stem, dot + suffix if stem != suffix else "", {name.casefold() for name in taken})


def _free(stem: str, suffix: str, taken: Collection[str]) -> str:
    number = 1
    while True:
        tail = suffix if number == 1 else f" ({number}){suffix}"
        name = _cut(stem, LENGTH - len(tail.encode())) + tail
        if name.casefold() not in taken:
            return name
        number += 1


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip(". ")


def _hidden(character: str) -> bool:
    """Tell whether a character is a control, format, surrogate, private or unassigned one, or a line break."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
