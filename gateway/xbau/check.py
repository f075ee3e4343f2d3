"""Holding a message against our schema, the official one where it is installed, and the rules that no schema holds."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from gateway.domain.errors import SubmissionError
from gateway.xbau.detect import Identity, detect, is_reply
from gateway.xbau.findings import OFFICIAL, OURS, RULE, Finding, Report
from gateway.xbau.official import installed, official_schema
from gateway.xbau.replies.door import parse_message
from gateway.xbau.replies.header import header_element
from gateway.xbau.replies.walk import child, line_of, path_of, text
from gateway.xbau.rules import broken_rules, wrong_release
from gateway.xbau.schema import validator
from gateway.xmlguard import BYTES

__all__ = ["OFFICIAL", "OURS", "RULE", "Finding", "Report", "check"]


EXPLAINED = 10_000
"""Elements of a message that is explained, at most: xmlschema takes a second for some five thousand."""


def check(data: bytes, *, official: Path | None = None, limit: int = BYTES) -> Report:
    """Return everything found wrong with a message of any release, in the order of its lines.

    `official` is the folder of the official sets (`<release>/xsd_dev`); a release that is not there is not asked.
    `Report.sources` says what was asked: our schemas hold only the messages that portals send.
    Raises: SubmissionError XML_UNSAFE, XML_UNREADABLE, RELEASE_UNKNOWN or MESSAGE_UNKNOWN.
    """
    root = parse_message(data, limit)
    identity = detect(root)
    release = identity.release
    sources = [RULE]
    findings = list(broken_rules(root, identity))
    ours = _ours(root, identity)
    if ours is not None:
        sources.append(OURS)
        findings += _held_against(root, ours, identity, None)
    if official is not None and release.name in installed(official):
        sources.append(OFFICIAL)
        fast = official_schema(official, release.name)
        findings += _held_against(root, fast, identity, official)
    if sources == [RULE]:
        findings += wrong_release(root, identity)
    ordered = sorted(findings, key=lambda finding: finding.line or 0)
    return Report(release.name, identity.number, tuple(sources), tuple(ordered))


def _ours(root: etree._Element, identity: Identity) -> etree.XMLSchema | None:
    """Return our schema if it knows the message: it is a strict subset, holding what portals write and nothing else."""
    author = child(header_element(root), "autor")
    by_portal = (
        text(author, "kennung").startswith("bap:") or text(author, "behoerdenkennung", "praefix", "code") == "bap"
    )
    if is_reply(identity.number) and not by_portal:
        return None
    try:
        return validator(identity.release, identity.number)
    except SubmissionError:
        return None


def _held_against(
    root: etree._Element, fast: etree.XMLSchema, identity: Identity, official: Path | None
) -> list[Finding]:
    """Return what our schema, or the official one in a folder, finds.

    libxml2 decides in a tenth of a millisecond; xmlschema, which is slow even to import, explains only a no.
    """
    if fast.validate(root):
        return []
    if sum(1 for _ in root.iter()) <= EXPLAINED and (found := _explained(root, identity, official)):
        return found
    words = str(fast.error_log).splitlines() or ["rejected"]
    source = OFFICIAL if official else OURS
    return [Finding(path_of(root), line_of(root), "Die Nachricht entspricht nicht dem Schema.", words[0], source)]


def _explained(root: etree._Element, identity: Identity, official: Path | None) -> list[Finding]:
    from gateway.xbau.explain import explain, official_schema_to_explain, our_schema

    release = identity.release
    if official is None:
        return list(explain(root, our_schema(release), release, OURS))
    schema = official_schema_to_explain(official.resolve(), release.name)
    return list(explain(root, schema, release, OFFICIAL))
