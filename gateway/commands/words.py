"""Words that narrow a list on the command line as the console's filter does: the same language, the same fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import typer

from gateway.commands.seat import say
from gateway.domain.filtering import fold, parse

Row = Mapping[str, Any]

Words = Annotated[
    list[str] | None, typer.Argument(metavar="WORT", help="Filter wie in der Konsole: Wörter, !Wort, feld:wert.")
]

REPLY_FIELDS: Mapping[str, Callable[[Row], str]] = {
    "von": lambda row: f"{row['authority']} {row['authority_name']}",
    "nr": lambda row: str(row["number"]),
}
JOURNAL_FIELDS: Mapping[str, Callable[[Row], str]] = {
    "zu": lambda row: str(row["subject"]),
    "wer": lambda row: str(row["actor"]).replace("operator:", "operator: "),
    "was": lambda row: f"{row['what']} {row['text']}",
}
CERTIFICATE_FIELDS: Mapping[str, Callable[[Row], str]] = {
    "tage": lambda row: "" if row["days"] is None else str(row["days"]),
    "zweck": lambda row: str(row["purpose_label"]),
    "wem": lambda row: str(row["authority_name"]),
}


def narrowed(
    rows: Iterable[Row], words: Sequence[str] | None, fields: Mapping[str, Callable[[Row], str]]
) -> Iterator[Row]:
    """Return the rows that fit all words, and say which fields there are not."""
    query = parse(" ".join(words or ()), fields)
    if query.unknown:
        say(f"Diese Felder gibt es nicht: {', '.join(query.unknown)}. Es gibt: {', '.join(fields) or 'keine'}.")
    for row in rows:
        if query.matches(fold(" ".join(_texts(row))), partial(_value, fields, row)):
            yield row


def _value(fields: Mapping[str, Callable[[Row], str]], row: Row, name: str) -> str:
    return fields[name](row)


def _texts(row: Row) -> Iterator[str]:
    return (value for value in row.values() if isinstance(value, str))
