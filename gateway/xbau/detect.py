"""Which release and which message a root element belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.xbau.codelists import codelist
from gateway.xbau.release import RELEASES, Release

OUTWARD = re.compile("0100|0110|012[02]|02[0-9][024]|0600|090[034]|091[03]|092[03]|093[01]|095[02]|1130|120[024]")
"""Messages that portals send and authorities receive, and those between authorities and chambers: none is a reply."""

INWARD = ("01", "02", "06", "09", "11", "12")
"""Ranges in which authorities write to portals."""


def is_reply(number: str) -> bool:
    """Tell whether an authority may send a message of that number to a portal."""
    return number.startswith(INWARD) and OUTWARD.fullmatch(number) is None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a message is: its release, its four digits and the name of its root element."""

    release: Release
    number: str
    name: str


def detect(root: etree._Element) -> Identity:
    """Return the identity of a message by its root element, whether XBau's or the kernel's.

    Raises: SubmissionError RELEASE_UNKNOWN (no XBau namespace that we speak) or MESSAGE_UNKNOWN (no message of it).
    """
    name = etree.QName(root)
    for release in RELEASES.values():
        if name.namespace is None or name.namespace not in (release.namespace, release.kernel):
            continue
        number = name.localname.rpartition(".")[2]
        kernel = name.namespace == release.kernel
        if message_names(release, kernel=kernel).get(number) == name.localname:
            return Identity(release, number, name.localname)
        raise SubmissionError(
            codes.MESSAGE_UNKNOWN,
            f"{name.localname!r} ist keine Nachricht von XBau {release.name}.",
            "Prüfen Sie das Wurzelelement und seinen Namensraum.",
        )
    raise SubmissionError(
        codes.RELEASE_UNKNOWN,
        f"Der Namensraum {name.namespace or '(keiner)'} gehört zu keiner unterstützten XBau-Version.",
        f"Unterstützt werden: {', '.join(RELEASES)}.",
    )


def message_names(release: Release, *, kernel: bool) -> Mapping[str, str]:
    """Return the names of the root elements that a release has in its own or in its kernel's namespace, by number."""
    own, kernels = release.message_lists
    if not kernel:
        return codelist("xbau-nachrichten", own).labels
    return codelist("xbau-kernmodul-nachrichten", kernels).labels if kernels else {}
