"""Changing how an authority takes part without overwriting what somebody else saved meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.participation import COMPARED
from tui.calls import authorities
from tui.client import ApiError, Client
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import Conflict, Values
from tui.facts import said, who
from tui.page import Page
from tui.screens.authority.seen import Line, Seen, holding_on
from tui.screens.bulk import difference
from tui.values import AuthorityDetail

NEW: Line = {"option": "3b", "phase": "not_connected", "procedures": [], "settings": {}, "protection": "end_to_end"}
"""What stands where nothing was ever set."""

ASIDE = ("reason", "authority", "changed_by", "changed_at")
BESIDE = ("source", "note")
"""What can be entered too, and so can be overwritten, although it does not say how an authority takes part."""

FINAL = "ended"
"""The phase that is entered only with the authority's name typed; live is entered by the checklist alone."""


class Editing:
    """One open form: what it began with, and the state it is saved over.

    The first save sends every field of the form over the setting that holds on the chosen day. After a conflict only
    the fields that were changed in the form are laid over the new state, so the other person's changes stay.
    """

    def __init__(self, page: Page, client: Client, seen: Seen, first: Mapping[str, Any]) -> None:
        assert seen.detail is not None
        self.page = page
        self.client = client
        self.detail: AuthorityDetail = seen.detail
        self.first = dict(first)
        self.only_changed = False

    async def save(self, values: Values) -> AuthorityDetail:
        """Keep the answers.

        Raises:
            ApiError: refused, stale, or not confirmed; nothing was changed.
        """
        wanted = self.wanted(values)
        reason = " ".join(str(values.get("reason", "")).split())
        before = holding_on(self.detail, str(wanted["valid_from"])).get("phase")
        if wanted.get("phase") == FINAL != before:
            reason = await self._confirm(reason)
        key = self.detail.row.key
        return await authorities.set_participation(self.client, key, wanted, reason, self.detail.etag)

    def wanted(self, values: Values) -> Line:
        """Return the setting to be kept."""
        given = {name: value for name, value in values.items() if name not in ASIDE}
        if self.only_changed:
            given = {name: value for name, value in given.items() if value != self.first.get(name)}
        begin = str(values["valid_from"])
        base = holding_on(self.detail, begin) or NEW
        whole = {name: value for name, value in base.items() if name not in ASIDE}
        return whole | given | {"valid_from": begin}

    async def conflict(self, values: Values) -> Conflict:
        """Take up the new state, and say what somebody else changed and what was typed here."""
        old = self.detail
        self.detail = await authorities.detail(self.client, old.row.key)
        self.only_changed = True
        day = str(values["valid_from"])
        theirs = self._differences(holding_on(old, day), holding_on(self.detail, day))
        mine = [
            f"· {self._label(name)}: {said(name, value, self.page.texts)}"
            for name, value in values.items()
            if name not in ASIDE and value != self.first.get(name)
        ]
        return Conflict(old.row.title or old.row.name, theirs, mine)

    def _label(self, name: str) -> str:
        return self.page.texts.value("field", name)

    def _differences(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Sequence[str]:
        texts = self.page.texts
        by = who(str(after.get("changed_by") or ""))
        lines = [
            "· " + difference({"name": name, "before": before.get(name), "after": after.get(name)}, texts)
            for name in (*COMPARED, *BESIDE)
            if before.get(name) != after.get(name)
        ]
        return [*lines, texts("authority.changed_by", name=by)] if lines and by else lines

    async def _confirm(self, reason: str) -> str:
        texts = self.page.texts
        name = self.detail.row.title or self.detail.row.name
        lines = [texts("authority.confirm.ended", name=name)]
        title = texts("authority.confirm.ended.title")
        given = await self.page.app.push_screen_wait(Confirm(title, lines, typed=name, reason=reason))
        if not given:
            raise ApiError(texts("authority.not_confirmed"))
        return given
