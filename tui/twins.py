"""The filter of a list as words of the command line, safe to paste."""

from __future__ import annotations

import shlex

from gateway.domain.filtering import Query, Term
from tui.texts import Texts, load


def with_words(command: str, wanted: Query, section: str, texts: Texts) -> str:
    """Return a command with the conditions of a filter; fields get the German names that the command line knows."""
    words = german_words(wanted, section, texts)
    dashed = ["--"] if any(word.startswith("-") for word in words) else []
    return " ".join([command, *dashed, *map(shlex.quote, words)])


def german_words(wanted: Query, section: str, texts: Texts) -> list[str]:
    """Return the conditions of a filter as server and command line read them, whatever language the screen speaks."""
    german = load("de").entries
    mark = f"{section}.field."
    names = {texts(key): text for key, text in german.items() if key.startswith(mark)}
    return [_word(term, names) for term in wanted.terms]


def _word(term: Term, names: dict[str, str]) -> str:
    field = f"{names.get(term.field, term.field)}:" if term.field else ""
    return f"{'!' if term.negated else ''}{field}{','.join(term.values)}"
