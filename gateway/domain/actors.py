"""Who did something, as people name them in German sentences and tables."""

from __future__ import annotations

KINDS = {"operator": "{name}", "portal": "Portal {name}", "authority": "Behörde {name}", "gateway": "Gateway"}
"""What stands before the colon in the journal, and how it is said."""


def spoken(actor: str) -> str:
    """Return an actor of the journal in words: persons by name, others with what they are, unknown kinds bare."""
    kind, _, name = actor.partition(":")
    return KINDS[kind].format(name=name) if kind in KINDS else actor
