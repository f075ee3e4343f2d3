"""From a submission to the bytes of an XBau message: pure, so the same input is the same bytes for ever (law 3)."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import CompositionError, Fault, SubmissionError
from gateway.domain.message import Heading
from gateway.xbau.adapt import adapted
from gateway.xbau.antrag import Antrag, Followup
from gateway.xbau.antrag import antrag_schema as antrag_schema
from gateway.xbau.antrag import parse_antrag as parse_antrag
from gateway.xbau.antrag import parse_followup as parse_followup
from gateway.xbau.documents import attachment_faults, attachments
from gateway.xbau.emit import emit
from gateway.xbau.header import header, root_attributes
from gateway.xbau.release import Release
from gateway.xbau.schema import Message, message, validator
from gateway.xbau.tree import Group, Leaf, Tree, group, opened
from gateway.xbau.values import Sheet

SERVICES = ("referenzAntragsservice", "referenzAnzeigeservice")


def compose(antrag: Antrag, heading: Heading, release: Release, *, lossy: bool = False) -> bytes:
    """Return the message that opens the case: UTF-8 with XML declaration, valid against our schema of the release.

    `lossy` leaves out what `losses` names instead of refusing.

    Raises:
        SubmissionError: the release has no such message.
        CompositionError: the release cannot express it; `faults` as from `faults_for`.
    """
    found = message(release, antrag.number)
    return _composed(found, _opening(antrag, heading, found), heading, Sheet(release, lossy))


def faults_for(antrag: Antrag, heading: Heading, release: Release, *, lossy: bool = False) -> list[Fault]:
    """Return what this release cannot express, pointers into /antrag and /attachments; none means compose succeeds."""
    try:
        found = message(release, antrag.number)
    except SubmissionError as error:
        return [Fault(error.code, "/antrag", error.reason)]
    sheet = Sheet(release, lossy)
    _written(found, _opening(antrag, heading, found), heading, sheet)
    return sheet.faults


def losses(antrag: Antrag, heading: Heading, release: Release) -> list[Fault]:
    """Return what a lossy composition leaves out; none means that the release says all of it."""
    found = message(release, antrag.number)
    sheet = Sheet(release, lossy=True)
    _written(found, _opening(antrag, heading, found), heading, sheet)
    return sheet.left_out


def compose_followup(followup: Followup, heading: Heading, release: Release, *, lossy: bool = False) -> bytes:
    """Return a message about a running case, as `compose` does; the case fills in what `bezug` leaves out."""
    found = message(release, followup.number)
    return _composed(found, _following(followup, heading), heading, Sheet(release, lossy))


def followup_faults(followup: Followup, heading: Heading, release: Release) -> list[Fault]:
    """Return what this release cannot express of a message about a running case, pointers into /nachricht."""
    try:
        found = message(release, followup.number)
    except SubmissionError as error:
        return [Fault(error.code, "/nachricht", error.reason)]
    sheet = Sheet(release)
    _written(found, _following(followup, heading), heading, sheet)
    return sheet.faults


def _composed(found: Message, tree: Group, heading: Heading, sheet: Sheet) -> bytes:
    text = _written(found, tree, heading, sheet)
    name = sheet.release.name
    if sheet.faults:
        reason = f"XBau {name} kann {len(sheet.faults)} Angaben nicht ausdrücken."
        raise CompositionError(codes.NOT_EXPRESSIBLE, reason, sheet.faults[0].detail, sheet.faults)
    data = text.encode()
    schema = validator(sheet.release, found.number)
    if not schema.validate(etree.fromstring(data, _parser())):
        log: Iterable[etree._LogEntry] = schema.error_log  # type: ignore[assignment]  # iterable, but its stub forgot
        findings = [Fault(codes.SCHEMA_INVALID, entry.path or "", entry.message) for entry in log]
        reason = f"Die Nachricht {found.number} entspricht nicht dem Schema von XBau {name}."
        raise CompositionError(codes.SCHEMA_INVALID, reason, "", findings)
    return data


def _parser() -> etree.XMLParser:
    """Return a parser that keeps no indentation, since no schema looks at it."""
    return etree.XMLParser(remove_blank_text=True, collect_ids=False, resolve_entities=False, no_network=True)


def _written(found: Message, tree: Group, heading: Heading, sheet: Sheet) -> str:
    children = dict(adapted(tree, sheet.release).children)
    children[sheet.release.header_element] = header(heading, found.number, sheet.release)
    children |= root_attributes(heading)
    sheet.faults += attachment_faults(heading.documents, "anlagen" in found.root.needed)
    if heading.documents:
        children["anlagen"] = attachments(heading.documents, sheet.release)
    text = emit(found, Group(children, tree.pointer), sheet)
    absent = f"{tree.pointer}/anlagen"
    sheet.faults[:] = [fault for fault in sheet.faults if fault.pointer != absent]
    return text


def _opening(antrag: Antrag, heading: Heading, found: Message) -> Group:
    tree = group(antrag, "/antrag")
    children = dict(tree.children)
    service = next((name for name in SERVICES if name in found.root.names), None)
    if service is not None:
        children[service] = Leaf(str(heading.reference), "/heading/reference")
    else:
        children |= _referring(children, heading)
    if "datenBauabgang" in found.root.names and "datenBauabgang" not in children:
        children["datenBauabgang"] = _demolished(children["sachverhalt"])
    return Group(children, tree.pointer)


def _referring(children: dict[str, Tree], heading: Heading) -> dict[str, Tree]:
    """Return the reference of a notice, with the portal's own reference where the applicant named none."""
    given = opened(children.get("bezug"))
    named = opened(given.children.get("mitAktenzeichen")) if given else None
    if given is None or named is None or "referenz" in named.children:
        return {}
    reference: Tree = Leaf(str(heading.reference), "/heading/reference")
    filled = Group({**named.children, "referenz": reference}, named.pointer)
    return {"bezug": Group({"mitAktenzeichen": filled}, given.pointer)}


def _demolished(facts: Tree) -> Group:
    """Return the parcels of a demolition as XBau 2.5 wants them once more for the statistics."""
    known = opened(facts)
    assert known is not None, "sachverhalt is a group"
    plots = known.children.get("grundstueck")
    parcels = [
        parcel
        for entry in (plots if isinstance(plots, list) else [])
        if (plot := opened(entry)) is not None and isinstance(found := plot.children.get("flurstueck"), list)
        for parcel in found
    ]
    return Group({"flurstueck": parcels}, known.pointer)


def _following(followup: Followup, heading: Heading) -> Group:
    tree = group(followup, "/nachricht")
    given = opened(tree.children.get("bezug"))
    own = given.children if given else {}
    known: dict[str, Tree] = {"referenz": Leaf(str(heading.reference), "/heading/reference")}
    if heading.file_reference:
        known["vorgang"] = Leaf(heading.file_reference, "/heading/file_reference")
    return Group({**tree.children, "bezug": Group({**known, **own}, "/nachricht/bezug")}, tree.pointer)
