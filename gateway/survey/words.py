"""Makes words comparable: what people type in a table against what the directory and the product call things."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def folded(text: str) -> str:
    """Return a text in plain small letters and digits, umlauts written out, everything else a single space."""
    small = unicodedata.normalize("NFC", text).casefold().translate(_FOLDED)
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", small) if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare).split())


def likeness(one: str, other: str) -> float:
    """Return how alike two folded texts are, from 0 to 1; 0 for all that are less than half alike."""
    shortest, longest = sorted((len(one), len(other)))
    if 3 * shortest < longest:  # the ratio cannot reach a half
        return 0.0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= 0.5 else 0.0
