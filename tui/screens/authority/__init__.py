"""Everything about one authority, and every change to it."""

from __future__ import annotations

from tui.screens.authority.page import AuthorityPage

__all__ = ["AuthorityPage"]
