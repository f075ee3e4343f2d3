"""Words that narrow a list on the command line as the console's filter does: the same language, the same fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import typer

from gateway.api.operator.sifting import Fields, Row, kept
from gateway.commands.seat import say
from gateway.domain.filtering import parse

Words = Annotated[
    list[str] | None, typer.Argument(metavar="WORT", help="Filter wie in der Konsole: Wörter, !Wort, feld:wert.")
]

CERTIFICATE_FIELDS: Fields = {
    "tage": lambda row: "" if row["days"] is None else str(row["days"]),
    "zweck": lambda row: str(row["purpose_label"]),
    "wem": lambda row: str(row["authority_name"]),
}


def narrowed(rows: Iterable[Row], words: Sequence[str] | None, fields: Fields) -> Iterator[Row]:
    """Return the rows that fit all words, and say which fields there are not."""
    unknown = parse(" ".join(words or ()), fields).unknown
    if unknown:
        say(f"Diese Felder gibt es nicht: {', '.join(unknown)}. Es gibt: {', '.join(fields) or 'keine'}.")
    return kept(rows, words or (), fields)
