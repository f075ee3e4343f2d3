"""A sign, a word and a tone for every status: the sign never stands alone, the colour never says more than the word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tui.tables import Cell
from tui.texts import Texts

SOON = 30
"""Days before its end from which a certificate needs somebody."""


class Sign(NamedTuple):
    """What stands before a word, and in which tone."""

    sign: str
    tone: str = ""


STATES: Mapping[str, Sign] = {
    "draft": Sign("·", "muted"),
    "accepted": Sign("·"),
    "under_way": Sign("»", "accent"),
    "waiting": Sign("↻", "warn"),
    "available": Sign("◌", "accent"),
    "handed_over": Sign("→", "good"),
    "confirmed": Sign("✓", "good"),
    "rejected": Sign("✕", "bad"),
    "held": Sign("!", "bad"),
    "withdrawn": Sign("–", "muted"),
    "expired": Sign("–", "muted"),
}

STAGES: Mapping[str, Sign] = {
    "invited": Sign("○", "muted"),
    "details": Sign("◔"),
    "connected": Sign("◐"),
    "verified": Sign("◐"),
    "approved": Sign("◕"),
    "live": Sign("●", "good"),
    "paused": Sign("‖", "warn"),
    "ended": Sign("✕", "muted"),
}

OPTIONS: Mapping[str, Sign] = {
    "1": Sign("●", "good"),
    "2": Sign("◐", "accent"),
    "3a": Sign("→", ""),
    "3b": Sign("○", "muted"),
}

PHASES: Mapping[str, Sign] = {
    "not_connected": Sign("○", "muted"),
    "test": Sign("◐"),
    "live": Sign("●", "good"),
    "paused": Sign("‖", "warn"),
    "ended": Sign("✕", "muted"),
}


def state(code: str, texts: Texts) -> Cell:
    """Return sign and word of a delivery's state."""
    return _signed(STATES, "state", code, texts)


def stage(code: str, texts: Texts) -> Cell:
    """Return sign and word of an onboarding stage."""
    return _signed(STAGES, "stage", code, texts)


def phase(code: str, texts: Texts) -> Cell:
    """Return sign and word of what may be sent."""
    return _signed(PHASES, "phase", code, texts)


def option(code: str, texts: Texts) -> Cell:
    """Return number and word of an option."""
    return Cell(f"{code} {texts.value('option', code)}", "muted" if code == "3b" else "")


def option_short(code: str, texts: Texts) -> Cell:
    """Return number and shortest word of an option."""
    return Cell(f"{code} {texts.value('option_short', code)}", option(code, texts).tone)


def way(adapter: str, title: str, texts: Texts) -> str:
    """Return the shortest name of a way: our own word, else the adapter's title without what stands in brackets."""
    if not adapter:
        return "–"
    return texts.value("way", adapter) if texts.has(f"values.way.{adapter}") else (title or adapter).split(" (")[0]


def days(left: int | None, texts: Texts, *, short: bool = False) -> Cell:
    """Return how many days a certificate still holds; `!` below 30, `✕` and since when where it has run out."""
    if left is None:
        return Cell("–", "muted")
    if left < 0:
        return Cell(f"✕ {texts('shell.days' if short else 'shell.days_since', n=left if short else -left)}", "bad")
    word = texts("shell.days", n=left)
    return Cell(f"! {word}", "warn") if left < SOON else Cell(word)


def _signed(signs: Mapping[str, Sign], family: str, code: str, texts: Texts) -> Cell:
    found = signs.get(code, Sign("?"))
    return Cell(f"{found.sign} {texts.value(family, code)}", found.tone)
