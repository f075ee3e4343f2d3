"""What the screen of one authority knows, and which setting holds on a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tui.values import AuthorityDetail, AuthorityRow

Line = dict[str, Any]


@dataclass(slots=True)
class Seen:
    """Everything fetched about one authority; `detail` None before the first answer."""

    key: str
    name: str
    detail: AuthorityDetail | None = None
    adapters: list[Line] = field(default_factory=list)
    procedures: list[dict[str, str]] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    deliveries: list[Line] = field(default_factory=list)
    journal: list[Line] = field(default_factory=list)

    @property
    def row(self) -> AuthorityRow:
        """The authority as in the list."""
        return self.detail.row if self.detail else AuthorityRow(self.key, self.name)

    @property
    def changes(self) -> list[Line]:
        """Every dated setting, the newest first."""
        return settings_in_order(self.detail)

    def adapter(self, name: str) -> Line:
        """Return what is known of a way; empty where it is unknown."""
        return next((one for one in self.adapters if one.get("name") == name), {})

    def current(self) -> Line:
        """Return the setting that holds today."""
        return self.detail.current if self.detail else {}


def settings_in_order(detail: AuthorityDetail | None) -> list[Line]:
    """Return every dated setting of an authority, the newest first."""
    if detail is None:
        return []
    return sorted([*detail.upcoming, *detail.history], key=lambda one: str(one.get("valid_from", "")), reverse=True)


def holding_on(detail: AuthorityDetail | None, day: str) -> Line:
    """Return the setting that holds on an ISO day; empty before the first."""
    return next((one for one in settings_in_order(detail) if str(one.get("valid_from", "")) <= day), {})
