"""Message ids on the XTA wire, and the party identifiers of authorities."""

from __future__ import annotations

import re

from gateway.domain.ids import AuthorityKey, MessageId

_PREFIX = "urn:de:xta:messageid:bauweiche:"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def wire_id(message_id: str) -> str:
    """Return a message id as XTA carries it: a bare UUID gets our prefix, any other URI stays as it is."""
    return _PREFIX + message_id if _UUID.fullmatch(message_id) else message_id


def read_id(text: str) -> str:
    """Return the bare UUID of our own or the `urn:uuid:` form, else the text itself."""
    bare = text.strip()
    for prefix in (_PREFIX, "urn:uuid:", "uuid:"):
        if bare.lower().startswith(prefix):
            bare = bare[len(prefix) :]
    return bare.lower() if _UUID.fullmatch(bare.lower()) else text.strip()


def own_id(text: str) -> MessageId | None:
    """Return the id if it can be one of ours, else None."""
    bare = read_id(text)
    return MessageId(bare) if _UUID.fullmatch(bare) else None


def account_of(identifier: str, accounts: frozenset[AuthorityKey]) -> AuthorityKey | None:
    """Return the account that a party identifier names, if it is one of `accounts`.

    Understood: `bab:05315000`, `bab:05315` (a Kreis), the bare key, and the 12-digit regional key (ARS), whose
    digits 6 to 9 (association of municipalities) the 8-digit key leaves out.
    """
    value = identifier.strip().rpartition(":")[2]
    forms = {8: value, 5: value + "000", 12: value[:5] + value[9:]}
    key = AuthorityKey(forms.get(len(value), value))
    return key if key in accounts else None
