"""The help of a screen, made from its bindings, its columns and its filter fields: it cannot grow stale."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import ActiveBinding

from tui.page import Page
from tui.widgets.rows import Rows

Parts = list[tuple[str, Sequence[tuple[str, str]]]]


def help_parts(page: Page) -> Parts:
    """Return headings, each with names and sentences."""
    texts = page.texts
    own, in_list, everywhere = _keys(page)
    parts: Parts = [(texts("dialogs.help.screen"), own)] if own else []
    parts += [(texts("dialogs.help.columns"), lines)] if (lines := page.help_lines()) else []
    parts += [(texts("dialogs.help.list"), in_list)] if in_list else []
    fields = [name for rows in page.query(Rows) for name in rows.table.fields]
    if fields:
        parts.append((texts("dialogs.help.filter"), _filter_lines(page, fields)))
    return [*parts, (texts("dialogs.help.everywhere"), everywhere)]


def _filter_lines(page: Page, fields: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (page.texts("dialogs.help.filter_words"), page.texts("dialogs.help.filter_words_text")),
        (
            page.texts("dialogs.help.filter_field"),
            page.texts("dialogs.help.filter_field_text", fields=", ".join(fields)),
        ),
    ]


def _keys(page: Page) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]:
    own: dict[str, list[str]] = {}
    in_list: dict[str, list[str]] = {}
    everywhere: dict[str, list[str]] = {}
    for active in page.active_bindings.values():
        sentence = _sentence(page, active)
        if not sentence:
            continue
        if isinstance(active.node, Rows):
            group = in_list
        elif active.node is page.app:
            group = everywhere
        elif isinstance(active.node, Page):
            group = own
        else:
            continue
        group.setdefault(sentence, []).append(page.app.get_key_display(active.binding))
    return _lines(own), _lines(in_list), _lines(everywhere)


def _sentence(page: Page, active: ActiveBinding) -> str:
    name = active.binding.description
    texts = page.texts
    if name.startswith("place."):
        return texts("shell.key.screen", name=texts(f"{name.removeprefix('place.')}.title"))
    return page.word(name) if name.startswith("key.") else ""


def _lines(group: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(" ".join(dict.fromkeys(keys)), sentence) for sentence, keys in group.items()]
