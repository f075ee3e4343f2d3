"""What the cells of a row say: each cell becomes a value of the participation, or a German sentence why it cannot."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.participation import Option, is_web_address
from gateway.domain.procedure import Procedure
from gateway.survey.table import Cell
from gateway.survey.words import folded


@dataclass(frozen=True, slots=True)
class Answer:
    """A value as in the JSON form of a participation; `trouble` instead, or a `remark` beside it (German)."""

    value: Any = None
    trouble: str = ""
    remark: str = ""


_OPTION = re.compile(r"(?:option|variante|art)? ?(1|2|3 ?a|3 ?b)(?: .*)?")
_OPTION_WORDS: Mapping[str, Option] = {
    "mit plaenen": Option.WITH_PLANS,
    "mit bauvorlagen": Option.WITH_PLANS,
    "ohne plaene": Option.WITHOUT_PLANS,
    "ohne bauvorlagen": Option.WITHOUT_PLANS,
    "umleitung": Option.REDIRECT,
    "weiterleitung": Option.REDIRECT,
    "eigener online dienst": Option.REDIRECT,
    "eigenes portal": Option.REDIRECT,
    "keine": Option.NONE,
    "keine teilnahme": Option.NONE,
    "nein": Option.NONE,
    "nimmt nicht teil": Option.NONE,
}
_YES = frozenset({"ja", "j", "x", "1", "true", "wahr", "yes", "y", "ok"})
_NO = frozenset({"nein", "n", "0", "false", "falsch", "no"})
_WAY_WORDS: Mapping[str, str] = {
    "xta": "xta_mailbox",
    "xta postfach": "xta_mailbox",
    "xta mailbox": "xta_mailbox",
    "xta fach": "xta_mailbox",
    "postfach": "xta_mailbox",
    "soap": "xta_push",
    "soap push": "xta_push",
    "xta push": "xta_push",
    "ablage": "file_drop",
    "dateiablage": "file_drop",
    "ordner": "file_drop",
    "netzlaufwerk": "file_drop",
    "sftp": "sftp",
}


def option_of(cell: Cell) -> Answer:
    """Read `1`, `Option 2`, `3 a`, `mit Plänen` and the like."""
    words = folded(cell.text)
    match = _OPTION.fullmatch(words)
    if match:
        return Answer(match.group(1).replace(" ", ""))
    if words in _OPTION_WORDS:
        return Answer(_OPTION_WORDS[words].value)
    if re.fullmatch(r"(?:option )?3", words):
        return Answer(trouble="Option 3 ist nicht eindeutig: 3a (eigener Online-Dienst) oder 3b (keine Annahme)?")
    return Answer(trouble=f"„{cell.text[:40]}“ ist keine Option; möglich sind 1, 2, 3a und 3b.")


def procedures_of(cell: Cell) -> Answer:
    """Read a list of procedures by name, German title or message number, or `alle`."""
    if folded(cell.text) in ("alle", "alle verfahren"):
        return Answer(
            [procedure.value for procedure in Procedure], remark="„alle“ steht für alle heute bekannten Verfahren."
        )
    found: set[Procedure] = set()
    unknown: list[str] = []
    for text in re.split(r"[,;/&\n+]|\bund\b", cell.text):
        words = folded(text)
        procedure = _PROCEDURES.get(words)
        if procedure:
            found.add(procedure)
        elif words:
            unknown.append(text.strip()[:40])
    if unknown:
        names = ", ".join(f"„{text}“" for text in unknown)
        return Answer(trouble=f"Kein bekanntes Verfahren: {names}.")
    return Answer([procedure.value for procedure in Procedure if procedure in found])


def ticked(cell: Cell) -> Answer:
    """Read a tick, as True or False."""
    words = folded(cell.text)
    if words in _YES or cell.text in ("✓", "✔", "☑"):
        return Answer(True)
    if words in _NO or not words:
        return Answer(False)
    return Answer(trouble=f"„{cell.text[:40]}“ ist weder ja noch nein.")


def release_of(cell: Cell, releases: Collection[str]) -> Answer:
    """Read an XBau release; a spreadsheet may have turned 2.6 into the second of June."""
    known = ", ".join(sorted(releases))
    if cell.day is not None:
        text = f"{cell.day.day}.{cell.day.month}"
        if text in releases:
            return Answer(text, remark=f"Die Tabelle enthielt ein Datum; gelesen als XBau {text}. Bitte prüfen.")
        return Answer(trouble=f"Die Zelle enthält ein Datum statt einer XBau-Version (bekannt: {known}).")
    text = re.sub(r"(?i)^\s*(xbau|version|v)[\s.:-]*", "", cell.text).replace(",", ".").strip()
    if text in releases:
        return Answer(text)
    return Answer(trouble=f"Die XBau-Version „{cell.text[:40]}“ ist nicht bekannt; möglich sind {known}.")


def adapter_of(cell: Cell, adapters: Mapping[str, str]) -> Answer:
    """Read the way by its name, its title (`adapters` maps one to the other), or what people call it."""
    words = folded(cell.text)
    names = {**{folded(title): name for name, title in adapters.items()}, **{folded(name): name for name in adapters}}
    found = names.get(words) or _WAY_WORDS.get(words, "")
    if found in adapters:
        return Answer(found)
    known = ", ".join(sorted(adapters.values())) or "noch keiner"
    return Answer(trouble=f"Den Übertragungsweg „{cell.text[:40]}“ gibt es hier nicht; möglich sind: {known}.")


def address_of(cell: Cell) -> Answer:
    """Read the address of the authority's own online service."""
    if is_web_address(cell.text):
        return Answer(cell.text)
    completed = f"https://{cell.text}"
    if "://" not in cell.text and "." in cell.text and is_web_address(completed):
        return Answer(completed, remark=f"Die Adresse wurde zu {completed} ergänzt; bitte prüfen.")
    return Answer(trouble="Die Adresse muss mit https:// beginnen und einen Rechnernamen nennen.")


def note_of(cell: Cell) -> Answer:
    """Take a remark as it is."""
    return Answer(cell.text)


_PROCEDURES: Mapping[str, Procedure] = {
    **{folded(procedure.label): procedure for procedure in Procedure},
    **{
        folded(procedure.label).removeprefix("anzeige des ").removeprefix("anzeige der "): procedure
        for procedure in Procedure
    },
    **{procedure.value: procedure for procedure in Procedure},
    **{procedure.number: procedure for procedure in Procedure},
    **{procedure.number.lstrip("0"): procedure for procedure in Procedure},
}
