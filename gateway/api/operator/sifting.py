"""The filter of a list, where the list is whole: language and fields are those of console and command line.

What is filtered here has no index for it: rows are looked at one by one, a bounded number for each answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from gateway.domain.actors import spoken
from gateway.domain.filtering import Query, fold, parse

Row = Mapping[str, Any]
Fields = Mapping[str, Callable[[Row], str]]

LOOKED_AT = 5000
"""Rows that one answer looks at, at most: a fifth of a second. Whoever reads on goes on behind the last of them."""

REPLY_FIELDS: Fields = {
    "von": lambda row: f"{row['authority']} {row['authority_name']}",
    "nr": lambda row: str(row["number"]),
}
JOURNAL_FIELDS: Fields = {
    "zu": lambda row: str(row["subject"]),
    "wer": lambda row: str(row["actor"]).replace("operator:", "operator: "),
    "was": lambda row: f"{row['what']} {row['text']}",
}
SURVEY_FIELDS: Fields = {
    "stand": lambda row: str(row["state_label"]),
    "von": lambda row: str(row["actor"]).replace("operator:", "operator: "),
}

ONBOARDING_FIELDS: Fields = {
    "stufe": lambda row: str(row["stage_label"]),
    "nachweise": lambda row: str(row["complete"]),
    "vorschlag": lambda row: spoken(str(row["proposer"])),
    "kreis": lambda row: f"{row['kreis_abbr']} {row['kreis']} {row['kreis_key']}",
    "option": lambda row: str(row["option"]),
    "weg": lambda row: f"{row['adapter']} {row['adapter_title']}".strip(),
}


def sift(
    rows: Iterable[tuple[int, Row]], words: str, fields: Fields, limit: int, most: int = LOOKED_AT
) -> dict[str, Any]:
    """Return a page: the first `limit` rows that fit the words, and the place to go on from (`next`).

    `rows` come with their place in the list. After `most` rows the page ends, however few fit: `next` then leads on.
    """
    query = parse(words, fields)
    found: list[Row] = []
    for looked_at, (place, row) in enumerate(rows, 1):
        if fits(row, query, fields):
            found.append(row)
        if len(found) == limit or looked_at == most:
            return {"rows": found, "next": place}
    return {"rows": found, "next": None}


def kept(rows: Iterable[Row], words: Sequence[str], fields: Fields) -> Iterator[Row]:
    """Return the rows that fit all words, however many have to be looked at."""
    query = parse(" ".join(words), fields)
    return (row for row in rows if fits(row, query, fields))


def fits(row: Row, query: Query, fields: Fields) -> bool:
    """Tell whether a row fits a filter; free words are looked for in all its texts."""
    if not query.terms:
        return True
    texts = (value for value in row.values() if isinstance(value, str))
    return query.matches(fold(" ".join(texts)), partial(_value, fields, row))


def _value(fields: Fields, row: Row, name: str) -> str:
    return fields[name](row)
