"""What every flow needs of a case: whose it is, its content key, its documents, its parties."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid5

from gateway.domain import codes
from gateway.domain.authority import Authority
from gateway.domain.case import Case, Client
from gateway.domain.errors import ConfigurationError, RoutingError, SealError, SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.message import Party
from gateway.domain.participation import Participation, in_force
from gateway.ports import Sight, Transaction, World


def own_case(tx: Transaction, client: Client, case_id: str) -> Case:
    """Return the caller's case; another's is as unknown as none.

    Raises:
        SubmissionError: NOT_FOUND.
    """
    case = tx.cases.get(case_id)
    if case is None or case.client != client.name:
        raise SubmissionError(codes.NOT_FOUND, "Diese Einreichung gibt es nicht.")
    return case


def content_key(world: World, case: Case) -> bytes:
    """Return the content key (32 octets) of a case that still has content.

    Raises:
        SealError: KEY_ERASED after erasure.
    """
    if case.wrapped_key is None:
        raise SealError(codes.KEY_ERASED, "Der Inhalt dieses Vorgangs ist gelöscht.")
    return world.keyring.unwrap(case.wrapped_key)


def word(case: Case, what: str) -> str:
    """Return the journal's word for something that happens to a row: to the case, or to a later message about it."""
    return f"message.{what}" if case.follows else f"case.{what}"


def document_identity(reference: UUID, index: int) -> UUID:
    """Return the UUID of document `index` of a case (attachments first, then posted plans); it never changes."""
    return uuid5(reference, f"document/{index}")


def document_identities(case: Case, count: int) -> list[UUID]:
    """Return the UUIDs of the documents of a submission; a later message of a case has its own, not the opener's."""
    root = document_root(case.reference, case.id) if case.follows else case.reference
    return [document_identity(root, index) for index in range(count)]


def document_root(reference: UUID, case_id: str) -> UUID:
    """Return what the documents of a later message, the row `case_id`, take their UUIDs from."""
    return uuid5(reference, case_id)


def party(authority: Authority) -> Party:
    """Return an authority as reader or author of a message."""
    return Party(authority.dvdv_key, authority.title)


def authority_of(world: Sight, key: AuthorityKey) -> Authority:
    """Return an authority by key from any edition, so that a delivery survives a change of edition.

    Raises:
        RoutingError: AUTHORITY_UNKNOWN.
    """
    for edition in world.directory.editions.values():
        found = edition.authorities.get(key)
        if found is not None:
            return found
    raise RoutingError(codes.AUTHORITY_UNKNOWN, f"Die Behörde {key} steht in keinem Verzeichnis.")


def participation_of(tx: Transaction, key: AuthorityKey, on: date) -> Participation:
    """Return how an authority takes part on a date.

    Raises:
        ConfigurationError: nothing is set up for it.
    """
    found = in_force(tx.registry.history(key), on)
    if found is None:
        raise ConfigurationError(codes.CONFIGURATION, f"Für die Behörde {key} ist keine Teilnahme eingerichtet.")
    return found
