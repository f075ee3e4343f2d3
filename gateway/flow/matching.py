"""Which case a reply belongs to: pure, over what indexed lookups have found. Nothing is guessed silently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from gateway.domain.case import OPENERS, Case, Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey, CaseNumber, MessageId, read_case_number
from gateway.domain.reply import ITSELF, Candidate
from gateway.ports import Transaction

NOBODY = UUID(int=0)
"""XBau's filler where a UUID is demanded and none is known: says nothing."""

CANDIDATES = 10
LATEST = 100
"""Deliveries of an authority that are looked through for candidates, newest first."""

_OURS = re.compile(r"BW-\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", re.IGNORECASE)
_RECENT_DAYS = 21


@dataclass(frozen=True, slots=True)
class Clues:
    """What a reply says about its case. `accounts` are the authorities its sender may act for.

    `municipalities` are those it is responsible for today: what a predecessor began there is its own now.
    """

    accounts: frozenset[AuthorityKey]
    number: str
    release: str
    test: bool
    received_at: datetime
    reference: UUID | None
    reference_as_sent: str
    file_reference: str
    in_reply_to: MessageId | None
    words: tuple[str, ...] = ()
    municipalities: frozenset[str] = frozenset()

    def owns(self, case: Case, key: AuthorityKey) -> bool:
        """Tell whether a case, or a message of it sent to `key`, is the sender's, from the beginning or taken over."""
        return key in self.accounts or case.municipality in self.municipalities

    @property
    def known_reference(self) -> UUID | None:
        """The reference, unless it is the filler."""
        return None if self.reference == NOBODY else self.reference


@dataclass(frozen=True, slots=True)
class Found:
    """What the lookups have found: openers of cases, and the delivery that the reply names."""

    by_reference: tuple[Case, ...] = ()
    by_message: tuple[Case, Delivery] | None = None
    by_file: tuple[Case, ...] = ()
    by_number: tuple[Case, ...] = ()
    latest: tuple[tuple[Case, Delivery], ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """The one case a reply belongs to and what said so; or None, why not, and who comes into question."""

    case: Case | None
    by: str = ""
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""


def look_up(tx: Transaction, clues: Clues) -> Found:
    """Return everything the clues lead to, by indexed lookups only: history does not slow it."""
    reference, meant = clues.known_reference, clues.in_reply_to
    named = tx.deliveries.get(meant) if meant else None
    by_message = (opener, named) if named is not None and (opener := opener_of(tx, named.case_id)) else None
    found = Found(
        by_reference=_openers(tx.cases.by_reference(reference)) if reference else (),
        by_message=by_message,
        by_file=_openers(tx.cases.by_file_reference(clues.file_reference)) if clues.file_reference else (),
        by_number=tuple(case for number in _numbers(clues) if (case := tx.cases.by_number(number)) is not None),
    )
    if match(clues, found).case is not None:
        return found
    return replace(found, latest=tuple(_latest(tx, clues)))


def _latest(tx: Transaction, clues: Clues) -> Iterator[tuple[Case, Delivery]]:
    """Yield the newest cases of the sender to which such an answer may still be due; few, since others wait for us."""
    for key in sorted(clues.accounts):
        due = [one for one in tx.deliveries.latest(key, LATEST) if one.kind in OPENERS and _answerable(clues, one)]
        for delivery in due[: 2 * CANDIDATES]:
            case = tx.cases.get(delivery.case_id)
            if case is not None:
                yield case, delivery


def opener_of(tx: Transaction, case_id: str) -> Case | None:
    """Return the submission that opened the case to which a row belongs; the row itself if nothing opened it."""
    case = tx.cases.get(case_id)
    if case is None or not case.follows:
        return case
    return tx.cases.get(case.follows) or case


def match(clues: Clues, found: Found) -> Match:
    """Return the case if exactly one is meant beyond doubt: by reference or message id, else by file reference.

    A 1100 has no bezug: only the message it names counts. Who has taken the municipality over answers for who had
    it before, but not by a file reference alone: that may be somebody else's.
    """
    exact: dict[str, Case] = {}
    by = []
    if clues.number != "1100":
        hits = [case for case in found.by_reference if clues.owns(case, case.authority)]
        exact |= {case.id: case for case in hits}
        by += ["reference"] * bool(hits)
    if found.by_message is not None and clues.owns(found.by_message[0], found.by_message[1].authority):
        exact[found.by_message[0].id] = found.by_message[0]
        by.append("message_id")
    unknown_reference = clues.known_reference is not None and not found.by_reference
    if not exact and not unknown_reference and clues.number not in ("1100", "1121"):
        hits = [case for case in found.by_file if case.authority in clues.accounts]
        exact |= {case.id: case for case in hits}
        by += ["file_reference"] * bool(hits)
    if len(exact) == 1:
        case = next(iter(exact.values()))
        if clues.test and not case.test:
            return Match(None, candidates=rank(clues, found), reason="Eine Testnachricht nennt einen echten Vorgang.")
        heir = case.authority not in clues.accounts and case.municipality in clues.municipalities
        return Match(case, "+".join([*by, *["successor"] * heir]))
    reason = _CONFLICT if exact else _said(clues, found)
    return Match(None, candidates=rank(clues, found), reason=reason)


_CONFLICT = "Die Angaben der Antwort führen zu verschiedenen Vorgängen."


def _said(clues: Clues, found: Found) -> str:
    if found.by_reference or found.by_message:
        return "Der Vorgang gehört zu einer anderen Behörde."
    if clues.known_reference or clues.in_reply_to or clues.file_reference:
        return "Der Vorgang, den die Antwort nennt, ist hier nicht oder nicht mehr bekannt."
    return "Die Antwort nennt keinen Vorgang."


def rank(clues: Clues, found: Found) -> tuple[Candidate, ...]:
    """Return cases that may be meant, best first, each with the reasons that speak for it."""
    scored: dict[str, tuple[Case, int, list[str]]] = {}
    for case, points, reason in _signs(clues, found):
        if case.client == ITSELF:
            continue
        _, before, reasons = scored.setdefault(case.id, (case, 0, []))
        scored[case.id] = (case, before + points, [*reasons, reason])
    order = sorted(scored.values(), key=lambda entry: -entry[1])  # equal ones stay newest first
    return tuple(
        Candidate(case.id, case.number, points, tuple(reasons)) for case, points, reasons in order[:CANDIDATES]
    )


def _signs(clues: Clues, found: Found) -> Iterator[tuple[Case, int, str]]:
    other = " (andere Behörde)"
    for case in found.by_reference:
        ours = clues.owns(case, case.authority)
        yield case, 100 if ours else 40, "Referenz stimmt überein" + other * (not ours)
    if found.by_message is not None:
        case, delivery = found.by_message
        ours = clues.owns(case, delivery.authority)
        yield case, 90 if ours else 40, "genannte Nachricht stimmt überein" + other * (not ours)
    for case in found.by_number:
        ours = clues.owns(case, case.authority)
        yield case, 80 if ours else 30, "Vorgangsnummer im Text" + other * (not ours)
    for case in found.by_file:
        if clues.owns(case, case.authority):
            yield case, 60, "Aktenzeichen stimmt überein"
    for case, delivery in found.latest:
        yield from _likely(clues, case, delivery)


def _likely(clues: Clues, case: Case, delivery: Delivery) -> Iterator[tuple[Case, int, str]]:
    """Weak signs: what was sent to this authority, and would such an answer be due?"""
    if not _answerable(clues, delivery) or (clues.number == "1121" and case.file_reference):
        return
    yield case, 10, "an diese Behörde übermittelt, eine solche Antwort steht aus"
    if (clues.received_at - delivery.stamped_at).days <= _RECENT_DAYS:
        yield case, 5, f"in den letzten {_RECENT_DAYS} Tagen übermittelt"
    if delivery.release == clues.release:
        yield case, 2, "gleiches XBau-Release"


def _answerable(clues: Clues, delivery: Delivery) -> bool:
    """Tell whether the authority has, or could have, a message to which this kind of answer has not come yet."""
    if not (delivery.state.delivered or delivery.state is State.AVAILABLE) or delivery.test != clues.test:
        return False
    answered = {"1120": delivery.state is State.CONFIRMED, "1100": delivery.state.final}
    return not answered.get(clues.number, False)


def _openers(cases: Sequence[Case]) -> tuple[Case, ...]:
    return tuple(case for case in cases if not case.follows)


def _numbers(clues: Clues) -> list[CaseNumber]:
    """Return every case number of ours that stands anywhere in the reply's references and words."""
    texts = [clues.reference_as_sent, clues.file_reference, *clues.words]
    written = [read_case_number(hit) for text in texts for hit in _OURS.findall(text[:20_000])]
    return list(dict.fromkeys(number for number in written if number is not None))[:CANDIDATES]
