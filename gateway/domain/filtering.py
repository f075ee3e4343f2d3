"""The filter language of every list: words that must all occur, `!word` that must not, `field:value,value`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

_FOLDS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e"})
_SPLIT = re.compile(r"[^0-9a-z.<>=@-]+")
_COMPARED = re.compile(r"(<=|>=|<|>)(-?\d+)")


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Return a text as it is compared: small letters, umlauts spelt out."""
    return text.casefold().translate(_FOLDS)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; `field` is empty for a free word, `values` are folded and any one of them is enough."""

    field: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions that must all hold; `unknown` are fields that the list does not have."""

    terms: tuple[Term, ...] = ()
    unknown: tuple[str, ...] = ()

    def matches(self, haystack: str, field: Callable[[str], str]) -> bool:
        """Return whether a row holds; `haystack` is folded, `field` returns the raw text of a field."""
        return all(_holds(term, haystack, field) != term.negated for term in self.terms)


def parse(text: str, fields: Mapping[str, object]) -> Query:
    """Read what was typed; a field the list does not have is searched as a word and reported as unknown."""
    terms, unknown = [], []
    for word in text.split():
        negated = word.startswith("!") and len(word) > 1
        bare = word[1:] if negated else word
        name, colon, value = bare.partition(":")
        name = fold(name)
        if colon and name in fields:
            values = tuple(fold(part) for part in value.split(",") if part)
            if values:
                terms.append(Term(name, values, negated))
            continue
        if colon and name:
            unknown.append(name)
        if bare not in ("", "!"):
            terms.append(Term("", (fold(bare),), negated))
    return Query(tuple(terms), tuple(unknown))


def _holds(term: Term, haystack: str, field: Callable[[str], str]) -> bool:
    if not term.field:
        return term.values[0] in haystack
    raw = field(term.field)
    return any(_is(raw, value) for value in term.values)


def _is(raw: str, value: str) -> bool:
    compared = _COMPARED.fullmatch(value)
    if compared:
        return _compare(raw, compared.group(1), int(compared.group(2)))
    if value == "-":
        return not raw
    folded = fold(raw)
    return any(token.startswith(value) for token in _tokens(folded)) or folded.startswith(value)


@lru_cache(maxsize=20_000)
def _tokens(folded: str) -> tuple[str, ...]:
    return tuple(token for token in _SPLIT.split(folded) if token)


def _compare(raw: str, sign: str, number: int) -> bool:
    try:
        found = int(raw)
    except ValueError:
        return False
    return {"<": found < number, ">": found > number, "<=": found <= number, ">=": found >= number}[sign]
