"""Operators on authorities: see them, set how they take part, contacts, notes, certificates, pause."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.api.operator import rows
from gateway.api.operator.access import Editing, Reading, world_of
from gateway.api.operator.detail import detail
from gateway.api.operator.guards import guarded, reading, require_approval_for
from gateway.api.operator.shapes import Because, CertificateIn, ContactsIn, NoteIn, ParticipationIn, SettingsIn
from gateway.domain import codes
from gateway.domain.dossier import Contact, Note
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.participation_json import from_json
from gateway.domain.procedure import Procedure
from gateway.flow import operate
from gateway.flow.cases import authority_of
from gateway.flow.certificates import drop, hold
from gateway.flow.contacts import set_contacts as keep_contacts
from gateway.flow.participation import change_all, remove
from gateway.flow.way_faults import settings_faults
from gateway.ports import World
from gateway.xbau.release import RELEASES

router = APIRouter()


@router.get("/authorities", summary="All authorities in one table")
def authorities(request: Request, _: Reading, on: Annotated[date | None, Query()] = None) -> dict[str, Any]:
    """Return one row per authority of the edition in force on a day."""
    return rows.table_of(world_of(request), on)


@router.get("/authorities/{key}", summary="Everything about one authority")
def authority(request: Request, response: Response, key: str, _: Reading) -> dict[str, Any]:
    """Return its row, history, certificates, contacts and notes; the ETag guards changes."""
    return _detail(world_of(request), AuthorityKey(key), response)


@router.put("/authorities/{key}/participation", summary="Set how an authority takes part from a date on")
def set_participation(
    request: Request,
    response: Response,
    key: str,
    operator: Editing,
    given: Annotated[ParticipationIn, Depends(reading(ParticipationIn))],
) -> dict[str, Any]:
    """Needs If-Match. Going live and ending are for people who may approve."""
    world = world_of(request)
    found = authority_of(world, AuthorityKey(key))
    value = from_json(given.participation | {"authority": found.key})
    require_approval_for(world, value, operator)
    guard = guarded(request, found)
    change_all(world, [value], operator.actor, given.reason, guard=guard)
    return _detail(world, found.key, response)


@router.delete("/authorities/{key}/participation/{valid_from}", summary="Take back a dated setting")
def remove_participation(
    request: Request,
    response: Response,
    key: str,
    valid_from: date,
    operator: Editing,
    reason: Annotated[str, Query(min_length=1, max_length=500)],
) -> dict[str, Any]:
    """Needs If-Match."""
    world = world_of(request)
    found = authority_of(world, AuthorityKey(key))
    if not remove(world, found.key, valid_from, operator.actor, reason, guarded(request, found)):
        raise SubmissionError(codes.NOT_FOUND, f"Zum {valid_from:%d.%m.%Y} ist nichts eingetragen.")
    return _detail(world, found.key, response)


@router.post("/authorities/{key}/pause", summary="Send nothing to an authority")
def pause(
    request: Request,
    response: Response,
    key: str,
    operator: Editing,
    given: Annotated[Because, Depends(reading(Because))],
) -> dict[str, Any]:
    """What waits keeps waiting."""
    operate.pause(world_of(request), AuthorityKey(key), operator.actor, given.reason)
    return _detail(world_of(request), AuthorityKey(key), response)


@router.post("/authorities/{key}/resume", summary="Send to an authority again")
def resume(
    request: Request,
    response: Response,
    key: str,
    operator: Editing,
    given: Annotated[Because, Depends(reading(Because))],
) -> dict[str, Any]:
    """Earlier failures are forgotten."""
    operate.resume(world_of(request), AuthorityKey(key), operator.actor, given.reason)
    return _detail(world_of(request), AuthorityKey(key), response)


@router.put("/authorities/{key}/contacts", summary="Set the contacts of an authority")
def set_contacts(
    request: Request,
    response: Response,
    key: str,
    operator: Editing,
    given: Annotated[ContactsIn, Depends(reading(ContactsIn))],
) -> dict[str, Any]:
    """Needs If-Match; replaces what there was."""
    world = world_of(request)
    found = authority_of(world, AuthorityKey(key))
    contacts = tuple(Contact(one.role, one.name, one.email, one.phone) for one in given.contacts)
    keep_contacts(world, found.key, contacts, operator.actor, given.reason, guarded(request, found))
    return _detail(world, found.key, response)


@router.post("/authorities/{key}/notes", summary="Add a note about an authority")
def add_note(
    request: Request,
    response: Response,
    key: str,
    operator: Editing,
    given: Annotated[NoteIn, Depends(reading(NoteIn))],
) -> dict[str, Any]:
    """Notes are kept with name and time; they are never part of the journal."""
    world = world_of(request)
    found = authority_of(world, AuthorityKey(key))
    note = Note(str(world.chance.uuid()), world.clock.now(), operator.name, given.text)
    with world.store.writing() as tx:
        dossier = tx.dossiers.get(found.key)
        tx.dossiers.save(replace(dossier, notes=(*dossier.notes, note)))
        tx.journal.append(Act(operator.actor, "authority.note", found.key, facts={"note": note.id}))
    return _detail(world, found.key, response)


@router.post("/authorities/{key}/certificates", summary="Hold a certificate of an authority")
def add_certificate(
    request: Request,
    response: Response,
    key: str,
    operator: Editing,
    given: Annotated[CertificateIn, Depends(reading(CertificateIn))],
) -> dict[str, Any]:
    """Taken only if it serves its purpose now; several may overlap."""
    world = world_of(request)
    found = authority_of(world, AuthorityKey(key))
    try:
        octets = b64decode(given.data, validate=True)
    except (Base64Error, ValueError) as error:
        raise SubmissionError(codes.FIELD_INVALID, "Das Zertifikat ist nicht in Base64 geschrieben.") from error
    hold(world, found.key, given.purpose, octets, operator.actor, given.reason)
    return _detail(world, found.key, response)


@router.delete("/authorities/{key}/certificates/{fingerprint}", summary="Forget a certificate of an authority")
def remove_certificate(
    request: Request,
    response: Response,
    key: str,
    fingerprint: str,
    operator: Editing,
    reason: Annotated[str, Query(min_length=1, max_length=500)],
) -> dict[str, Any]:
    """From then on nothing is encrypted for it and nobody comes in with it."""
    world = world_of(request)
    found = authority_of(world, AuthorityKey(key))
    drop(world, found.key, fingerprint, operator.actor, reason)
    return _detail(world, found.key, response)


@router.get("/adapters", summary="The ways there are, with the schema of their settings")
def adapters(request: Request, _: Reading) -> list[dict[str, Any]]:
    """Forms are built from this."""
    return [
        {
            "name": name,
            "title": plugin.title,
            "protections": sorted(plugin.protections),
            "repeatable": plugin.repeatable,
            "settings_schema": plugin.settings.model_json_schema(),
        }
        for name, plugin in sorted(world_of(request).plugins.items())
    ]


@router.post("/adapters/{name}/check", summary="Check an adapter's settings while they are typed")
def check_settings(
    request: Request, name: str, _: Reading, given: Annotated[SettingsIn, Depends(reading(SettingsIn))]
) -> dict[str, Any]:
    """Nothing is kept."""
    plugin = world_of(request).plugins.get(name)
    if plugin is None:
        raise SubmissionError(codes.ADAPTER_UNKNOWN, f"Den Weg {name!r} gibt es nicht.")
    faults = settings_faults(plugin, given.settings)
    return {"faults": [{"pointer": fault.pointer, "detail": fault.detail} for fault in faults]}


@router.get("/procedures", summary="All procedures")
def procedures(_: Reading) -> list[dict[str, str]]:
    """In the order of their XBau numbers."""
    return [{"name": one.value, "label": one.label, "number": one.number} for one in Procedure]


@router.get("/releases", summary="All XBau releases the gateway speaks")
def releases(_: Reading) -> list[str]:
    """Oldest first."""
    return list(RELEASES)


def _detail(world: World, key: AuthorityKey, response: Response) -> dict[str, Any]:
    found = authority_of(world, key)
    with world.store.reading() as tx:
        shown = detail(world, tx, found)
    response.headers["ETag"] = shown["etag"]
    return shown
