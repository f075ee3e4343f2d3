"""What stands in a list without rows: it is being read, it is empty, or the filter fits nothing in it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from gateway.domain.filtering import Query
from tui.tables import Table
from tui.texts import Texts


def said_of_nothing(table: Table[Any], typed: str, wanted: Query, texts: Texts, width: int) -> Sequence[str]:
    """Return the lines for a list that is loaded and shows nothing; for a field it does not have, those it has."""
    if not typed:
        name = f"{table.section}.empty"
        said = [texts(name) if texts.has(name) else texts("shell.empty")]
    else:
        said = [texts("shell.empty_filter", filter=typed)]
        if wanted.unknown:
            said.append(texts("shell.filter_fields", fields=" ".join(f"{name}:" for name in table.fields)))
    return [line for text in said for line in wrap(text, max(width, 1))]
