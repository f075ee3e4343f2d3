"""Replies as the shapes of the portal API."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.api.reply_shapes import (
    CodedOut,
    DeficitOut,
    FactsOut,
    FeeOut,
    GroundOut,
    LinkOut,
    ReplyAttachmentOut,
    ReplyDetailOut,
    ReplyOut,
)
from gateway.api.views import authority_out
from gateway.domain.reply import Reply
from gateway.flow.cases import authority_of
from gateway.flow.judging import attached
from gateway.flow.reading import inline_documents
from gateway.flow.replies_arrived import Named
from gateway.flow.replies_kept import message_of, names_of
from gateway.ports import World
from gateway.seal.names import safe_name
from gateway.xbau.read import Coded, Rejected, ReplyDocument, ReplyFacts, read_reply
from gateway.xbau.read import Reply as Read


def reply_out(world: World, reply: Reply) -> ReplyOut:
    """Return a reply as it is listed."""
    return ReplyOut(
        id=reply.id,
        cursor=reply.cursor,
        status=reply.state.value,
        submission_id=reply.case_id,
        case_number=reply.case_number,
        number=reply.number,
        release=reply.release,
        test=reply.test,
        message_id=reply.message_id,
        authority=authority_out(authority_of(world, reply.authority)),
        received_at=reply.received_at,
        acknowledged_at=reply.acknowledged_at,
        erased_at=reply.erased_at,
        size=reply.size,
        attachments=len(reply.parts),
    )


def detail_out(world: World, reply: Reply) -> ReplyDetailOut:
    """Return a reply with what it says, read from its sealed message; without content once it is erased."""
    value = read_reply(message_of(world, reply)) if reply.wrapped_key is not None else None
    names = names_of(world, reply) if value is not None else ()
    return ReplyDetailOut(
        **dict(reply_out(world, reply)),
        message_url=f"/v1/replies/{reply.id}/message",
        file_reference=value.file_reference if value else None,
        in_reply_to=value.in_reply_to if value else None,
        created_at=value.created_at if value else None,
        content=_facts(value.facts) if value else None,
        documents=_documents(reply, value, names) if value else [],
    )


def file_name_of(world: World, reply: Reply, index: int) -> str:
    """Return a harmless file name for an attachment: the one the message gives it, or else its transport."""
    fallback = f"anlage-{index + 1}"
    names = names_of(world, reply)
    value = read_reply(message_of(world, reply))
    if index >= len(names):
        return safe_name(inline_documents(value)[index - len(names)].file_name, fallback)
    for document in value.documents:
        if attached(document, [(named.identity, named.file_name) for named in names]) == index:
            return safe_name(document.file_name, fallback)
    return safe_name(names[index].file_name, fallback)


def _documents(reply: Reply, value: Read, names: Sequence[Named]) -> list[ReplyAttachmentOut]:
    """Return what the message names, each with its file, and then the files that it does not name."""
    pairs = [(named.identity, named.file_name) for named in names]
    inline = {id(document): len(pairs) + count for count, document in enumerate(inline_documents(value))}
    placed = [(document, inline.get(id(document), attached(document, pairs))) for document in value.documents]
    extra = sorted(set(range(len(reply.parts))) - {index for _, index in placed if index is not None})
    named = [_document(reply, document, index) for document, index in placed]
    return named + [_unnamed(reply, index, pairs[index][1]) for index in extra]


def _document(reply: Reply, document: ReplyDocument, index: int | None) -> ReplyAttachmentOut:
    part = reply.parts[index] if index is not None and index < len(reply.parts) else None
    return ReplyAttachmentOut(
        index=index,
        document_id=document.document_id,
        title=document.title,
        kind=_coded(document.kind),
        file_name=document.file_name,
        media_type=part.media_type if part else document.mime_type,
        size=part.size if part else document.size,
        sha256=part.sha256 if part else document.sha256,
        date=document.date,
        by_post=document.by_post,
        link=document.link,
        url=f"/v1/replies/{reply.id}/attachments/{index}" if index is not None else None,
    )


def _unnamed(reply: Reply, index: int, file_name: str) -> ReplyAttachmentOut:
    part = reply.parts[index]
    return ReplyAttachmentOut(
        index=index,
        document_id=part.document_id,
        title="",
        kind=_coded(Coded("")),
        file_name=safe_name(file_name, f"anlage-{index + 1}"),
        media_type=part.media_type,
        size=part.size,
        sha256=part.sha256,
        date=None,
        by_post=False,
        link=None,
        url=f"/v1/replies/{reply.id}/attachments/{index}",
    )


def _facts(facts: ReplyFacts) -> FactsOut:
    rejected = facts.rejected
    return FactsOut(
        accepted=facts.accepted,
        complete=facts.complete,
        fetched=facts.fetched,
        status=_coded(facts.status) if facts.status else None,
        outcome=_coded(facts.outcome) if facts.outcome else None,
        receipt_for=facts.receipt_for,
        deadline=facts.deadline,
        rejected=_grounds(facts.rejected),
        rejected_message_id=rejected.message_id if rejected else None,
        deficits=[
            DeficitOut(kind=_coded(one.kind), text=one.text, attachment=one.attachment) for one in facts.deficits
        ],
        fee=FeeOut(
            advance=facts.fee.advance, total=facts.fee.total, iban=facts.fee.iban, purpose=facts.fee.purpose
        ) if facts.fee else None,
        links=[LinkOut(url=one.url, text=one.text) for one in facts.links],
        paragraphs=list(facts.paragraphs),
        remedies=list(facts.remedies),
        html=list(facts.html),
    )  # fmt: skip


def _coded(value: Coded) -> CodedOut:
    return CodedOut(code=value.code, label=value.label, list_uri=value.uri, list_version=value.version)


def _grounds(rejected: Rejected | None) -> list[GroundOut]:
    grounds = rejected.grounds if rejected else ()
    return [GroundOut(fehlerkennzahl=one.kennzahl, text=one.text) for one in grounds]
