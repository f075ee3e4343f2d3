"""Whether a reply that arrived can be believed and understood: sender, structure, schema, attachments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Participation
from gateway.flow.replies_arrived import Arrived
from gateway.ports import World
from gateway.xbau.check import check
from gateway.xbau.detect import detect
from gateway.xbau.read import Ground, Reply, ReplyDocument, read_reply
from gateway.xbau.reject import is_rejection
from gateway.xbau.release import RELEASES
from gateway.xbau.replies.header import read_header
from gateway.xbau.replies.walk import Faults
from gateway.xmlguard import safe_parse

KENNZAHL: Mapping[str, str] = {
    codes.XML_UNSAFE.name: "X000",
    codes.XML_UNREADABLE.name: "X000",
    codes.SCHEMA_INVALID.name: "X001",
    codes.RELEASE_UNKNOWN.name: "V000",
    codes.MESSAGE_UNKNOWN.name: "V001",
    codes.CERTIFICATE_EXPIRED.name: "T000",
    codes.CERTIFICATE_EARLY.name: "T002",
    codes.CERTIFICATE_UNTRUSTED.name: "T002",
    codes.CERTIFICATE_WRONG.name: "T002",
    codes.KEY_WEAK.name: "T002",
    codes.KEY_MISSING.name: "T003",
    codes.SIGNATURE_MISSING.name: "T010",
    codes.SIGNATURE_INVALID.name: "T011",
    codes.ENVELOPE_INVALID.name: "T011",
    codes.DIGEST_WRONG.name: "T011",
    codes.DECRYPTION_FAILED.name: "T020",
    codes.SENDER_WRONG.name: "T070",
    codes.ADDRESSEE_WRONG.name: "T080",
    codes.ATTACHMENTS_MISSING.name: "A001",
    codes.ATTACHMENTS_TOO_MANY.name: "A007",
    codes.SUBMISSION_TOO_LARGE.name: "A008",
    codes.MESSAGE_REPEATED.name: "S050",
}
"""Fehlerkennzahl (list xbau-fehlerkennzahlen) of what makes a reply faulty; anything else is S999."""

OTHER = "S999"
PREFIXES = ("bab", "gba")
"""Who may write to a portal: building authorities, and municipalities (06xx)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became known of a reply: its value if it is sound, else why it is not.

    `authority` is who sent it as far as proved. `grounds` go into a 1100; `code` and `reason` say the first one,
    without content. `is_1100`: it is, or was meant to be, a rejection itself.
    """

    authority: AuthorityKey
    message_id: str = ""
    number: str = ""
    release: str = ""
    test: bool = False
    value: Reply | None = field(default=None, repr=False)
    code: Code | None = None
    reason: str = ""
    grounds: tuple[Ground, ...] = field(default=(), repr=False)
    is_1100: bool = False

    @property
    def sound(self) -> bool:
        """Nothing is wrong with it."""
        return self.code is None


def judge(world: World, arrived: Arrived, fault: GatewayError | None = None) -> Judged:
    """Return what can be known of a reply; `fault` is what its way has already found (a signature, a certificate).

    Raises:
        SubmissionError: CERTIFICATE_WRONG if the caller may act for several and the message does not say for which.
    """
    if fault is not None:
        # what was not verified is not read (law 9), only held against what must never be answered
        judged = Judged(_sender(arrived, None), is_1100=is_rejection(arrived.message))
        return _faulty(judged, fault, fault.reason)
    try:
        value = read_reply(arrived.message)
    except SubmissionError as error:
        judged = Judged(_sender(arrived, None), is_1100=is_rejection(arrived.message))
        return _faulty(_described(judged, arrived.message), error, _first(error))
    judged = Judged(
        _sender(arrived, value), value.message_id, value.number, value.release, value.test is not None, value=value
    )
    found = [*_wrong_party(arrived, value, world), *_wrong_schema(world, arrived), *_wrong_parts(arrived, value)]
    if not found:
        return judged
    code, reason, _ = found[0]
    grounds = tuple(dict.fromkeys(ground for _, _, ground in found))[:20]
    return replace(judged, value=None, code=code, reason=reason, grounds=grounds, is_1100=value.number == "1100")


def attached(document: ReplyDocument, arrived_names: Sequence[tuple[str, str]]) -> int | None:
    """Return which attachment (identity, file name) a document of the message means: by id first, then by name."""
    if not document.document_id and not document.name_as_sent:
        return None
    wanted = document.document_id.casefold()
    if wanted:
        for index, (identity, file_name) in enumerate(arrived_names):
            stem = file_name.casefold()
            if identity.casefold() == wanted or stem == wanted or stem.rpartition(".")[0] == wanted:
                return index
    names = {document.name_as_sent.casefold(), document.file_name.casefold()}
    matching = [index for index, (_, file_name) in enumerate(arrived_names) if file_name.casefold() in names]
    return matching[0] if len(matching) == 1 else None


_Found = tuple[Code, str, Ground]
"""Code, sentence without content (journal, table), what the sender is told."""


def _wrong_party(arrived: Arrived, value: Reply, world: World) -> Iterator[_Found]:
    if _account(value.sender.identifier, arrived.accounts, world) is None:
        reason = "Der Autor im Nachrichtenkopf ist nicht die Behörde, die gesendet hat."
        yield codes.SENDER_WRONG, reason, _ground(codes.SENDER_WRONG, reason)
    if value.addressee.identifier.partition(":")[0] != "bap":
        reason = "Der Leser im Nachrichtenkopf ist kein Bauportal."
        yield codes.ADDRESSEE_WRONG, reason, _ground(codes.ADDRESSEE_WRONG, reason)


def _wrong_schema(world: World, arrived: Arrived) -> Iterator[_Found]:
    report = check(arrived.message, official=world.official_schemas)
    for ground in report.grounds():
        yield codes.SCHEMA_INVALID, "Die Nachricht entspricht nicht dem Schema ihres XBau-Release.", ground


def _wrong_parts(arrived: Arrived, value: Reply) -> Iterator[_Found]:
    """Every attachment that the message names must be there, with the digest it names."""
    names = [(named.identity, named.file_name) for named in arrived.names]
    for document in value.documents:
        if not document.document_id or document.by_post or document.link or document.content is not None:
            continue
        index = attached(document, names)
        if index is None:
            text = f"Die Anlage {document.document_id} ist genannt, aber nicht dabei."
            yield (
                codes.ATTACHMENTS_MISSING,
                "Eine genannte Anlage ist nicht dabei.",
                _ground(codes.ATTACHMENTS_MISSING, text),
            )
        elif document.sha256 is not None and document.sha256 != arrived.parts[index].sha256:
            text = f"Die Prüfsumme der Anlage {document.document_id} weicht ab."
            reason = "Die Prüfsumme einer Anlage weicht von der Nachricht ab."
            yield codes.DIGEST_MISMATCH, reason, _ground(codes.DIGEST_MISMATCH, text)


def _sender(arrived: Arrived, value: Reply | None) -> AuthorityKey:
    if arrived.authority in arrived.accounts:
        return arrived.authority
    if len(arrived.accounts) == 1:
        return next(iter(arrived.accounts))
    if value is not None:
        key = _account(value.sender.identifier, arrived.accounts, None)
        if key is not None:
            return key
    raise SubmissionError(
        codes.CERTIFICATE_WRONG,
        "Das Zertifikat darf für mehrere Behörden handeln, und die Nachricht sagt nicht für welche.",
        "Bitte im Kopfblock Author die Behörde nennen.",
    )


def _account(identifier: str, accounts: frozenset[AuthorityKey], world: World | None) -> AuthorityKey | None:
    """Return which of the sender's accounts a DVDV key names.

    A Kreis has five digits. A second system of one authority may be entered under its key plus one (DVDV concept);
    that counts only where no other authority has that key.
    """
    prefix, _, key = identifier.strip().partition(":")
    if prefix not in PREFIXES or not key.isascii() or not key.isdecimal():
        return None
    bare = {5: key + "000", 8: key, 12: key[:5] + key[9:]}.get(len(key), "")
    if bare in accounts:
        return AuthorityKey(bare)
    second = f"{int(bare) - 1:08d}" if bare else ""
    if second not in accounts or world is None:
        return None
    taken = any(bare in edition.authorities for edition in world.directory.editions.values())
    return None if taken or bare in world.directory.municipalities else AuthorityKey(second)


def _described(judged: Judged, message: bytes) -> Judged:
    """Return the judgement with what a faulty message still says of itself: number, release, id."""
    try:
        root = safe_parse(message)
        identity = detect(root)
    except GatewayError:
        return judged
    header = read_header(root, identity.number, Faults())
    identified = header.message_id if header else ""
    return replace(judged, number=identity.number, release=identity.release.name, message_id=identified)


def _faulty(judged: Judged, error: GatewayError, text: str) -> Judged:
    grounds = (_ground(error.code, text),)
    return replace(judged, code=error.code, reason=f"{error.code.title}.", grounds=grounds)


def _first(error: SubmissionError) -> str:
    if not error.faults:
        return error.reason
    return "; ".join(f"{fault.pointer}: {fault.detail}" for fault in error.faults[:10])


def _ground(code: Code, text: str) -> Ground:
    return Ground(KENNZAHL.get(code.name, OTHER), text)


def release_for(judged: Judged, participation: Participation | None) -> str:
    """Return the release a 1100 is written in: the sender's, or the one it takes part with."""
    return judged.release or (participation.release if participation else "") or list(RELEASES)[-1]
