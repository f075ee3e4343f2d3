"""Tokens of callers: what they may do, how they are recognised, and what is stored instead of them."""

from __future__ import annotations

import hashlib

SUBMIT = "submit"
READ = "read"
SCOPES = frozenset({SUBMIT, READ})

PREFIX = "bw_"
"""What every token of a portal begins with, so that scanners for leaked secrets recognise it."""


def token_digest(token: str) -> str:
    """Return what is stored instead of a token: its SHA-256, lower-case hex. A token has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
