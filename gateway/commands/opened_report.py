"""What `bauweiche open` found, as data and as one screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.domain.calendar import written_moment
from gateway.domain.errors import GatewayError
from gateway.seal.opened import Opened
from gateway.xbau.check import check
from gateway.xbau.summary import Named, summarise


def names(message: bytes) -> Mapping[str, str]:
    """Return the file name of each document id in a message, or nothing if it cannot be read."""
    try:
        return {named.document_id: named.file_name for named in summarise(message).documents}
    except GatewayError:
        return {}


def report(opened: Opened, target: Path, schemas: Path | None) -> dict[str, Any]:
    """Return everything that was found, JSON-able."""
    manifest, summary = opened.manifest, summarise(opened.message)
    schema = check(opened.message, official=schemas)
    listed = {named.document_id: named for named in summary.documents}
    findings = [f"{fault.pointer}: {fault.detail}" for fault in opened.findings]
    findings += [f"{finding.path}: {finding.sentence}" for finding in schema.findings]
    return {
        "ok": opened.ok and schema.ok,
        "case_number": manifest.case_number,
        "message_id": manifest.message_id,
        "message": summary.root,
        "release": schema.release,
        "test": manifest.test,
        "created_at": manifest.created_at.isoformat(),
        "created": written_moment(manifest.created_at),
        "addressee": manifest.addressee,
        "addressee_name": summary.addressee,
        "sender": summary.sender,
        "signer": opened.signer_subject,
        "subject": summary.subject,
        "applicants": list(summary.applicants),
        "place": summary.place,
        "files": [
            {
                "name": file.name,
                "role": file.role,
                "size": file.size,
                "sha256": file.sha256,
                "ok": file.ok,
                "title": listed[file.document_id].title if file.document_id in listed else "",
            }
            for file in opened.files
        ],
        "by_post": [_posted(named) for named in summary.documents if named.by_post],
        "findings": findings,
        "folder": str(target),
    }


def _posted(named: Named) -> dict[str, str]:
    return {"title": named.title, "kind": named.kind, "document_id": named.document_id}


def told(found: Mapping[str, Any]) -> str:
    """Return one screen of German text."""
    head = "Alles in Ordnung" if found["ok"] else "NICHT in Ordnung"
    lines = [
        f"{head}{' · TESTNACHRICHT' if found['test'] else ''}",
        f"  Vorgang      {found['case_number']}",
        f"  Nachricht    {found['message']} (XBau {found['release']}), {found['created']}",
        f"  von          {found['sender']}, Signatur gültig: {found['signer']}",
        f"  an           {found['addressee_name']} ({found['addressee']})",
        f"  Vorhaben     {found['subject'] or '–'}",
        f"  Antrag von   {'; '.join(found['applicants']) or '–'}",
        f"  Ort          {found['place'] or '–'}",
        f"  abgelegt in  {found['folder']}",
    ]
    for file in found["files"]:
        mark = "✓" if file["ok"] else "✕"
        lines.append(f"  {mark} {file['size']:>12,} Byte  {file['name'] or 'nicht abgelegt'}".replace(",", "."))
    lines += [f"  ✉      per Post     {entry['title']}" for entry in found["by_post"]]
    lines += [f"  ! {finding}" for finding in found["findings"]]
    return "\n".join(lines) + "\n"
