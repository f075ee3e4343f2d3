"""The names of messages, also of those that only the gateway itself or an authority writes."""

from __future__ import annotations

from gateway.xbau.detect import message_names
from gateway.xbau.release import Release


def root_name(release: Release, number: str) -> str:
    """Return the name of a message's root element in a release, "" if it has no such message."""
    names = {**message_names(release, kernel=False), **message_names(release, kernel=True)}
    return names.get(number, "")
