"""The states of a case and of a delivery, the table of legal moves, and why each state waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain import codes
from gateway.domain.errors import SubmissionError


class State(StrEnum):
    """Where a submission stands; a delivery uses the states from ACCEPTED on."""

    DRAFT = "draft"
    ACCEPTED = "accepted"
    UNDER_WAY = "under_way"
    WAITING = "waiting"
    AVAILABLE = "available"
    HANDED_OVER = "handed_over"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    HELD = "held"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def final(self) -> bool:
        """No move leads out of it."""
        return not MOVES[self]

    @property
    def delivered(self) -> bool:
        """The authority has the data: from here on it answers for them (NB § 9)."""
        return self in DELIVERED


MOVES: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.ACCEPTED, State.WITHDRAWN, State.EXPIRED}),
    State.ACCEPTED: frozenset({State.UNDER_WAY, State.HELD, State.WITHDRAWN}),
    State.UNDER_WAY: frozenset({State.WAITING, State.AVAILABLE, State.HANDED_OVER, State.HELD}),
    State.WAITING: frozenset({State.UNDER_WAY, State.HELD, State.WITHDRAWN}),
    State.AVAILABLE: frozenset(
        {State.WAITING, State.HANDED_OVER, State.CONFIRMED, State.REJECTED, State.HELD, State.WITHDRAWN}
    ),
    State.HANDED_OVER: frozenset({State.CONFIRMED, State.REJECTED}),
    State.HELD: frozenset({State.WAITING, State.HANDED_OVER, State.WITHDRAWN}),
    State.CONFIRMED: frozenset(),
    State.REJECTED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.EXPIRED: frozenset(),
}

DELIVERED = frozenset({State.HANDED_OVER, State.CONFIRMED, State.REJECTED})
DUE = frozenset({State.ACCEPTED, State.WAITING})
"""States from which a worker may take a delivery when its time has come."""


class PlansState(StrEnum):
    """The second clock of an option-2 case."""

    NONE = "none"
    EXPECTED = "plans_expected"
    ARRIVED = "plans_arrived"
    OVERDUE = "plans_overdue"


PLANS_MOVES: Mapping[PlansState, frozenset[PlansState]] = {
    PlansState.NONE: frozenset(),
    PlansState.EXPECTED: frozenset({PlansState.ARRIVED, PlansState.OVERDUE}),
    PlansState.OVERDUE: frozenset({PlansState.ARRIVED}),
    PlansState.ARRIVED: frozenset(),
}


def move(current: State, target: State) -> State:
    """Return `target` if the table allows it.

    Raises:
        SubmissionError: STATE_CONFLICT, in German, when it does not.
    """
    if target not in MOVES[current]:
        raise SubmissionError(
            codes.STATE_CONFLICT,
            f"Der Vorgang ist „{TITLES[current]}“ und kann nicht nach „{TITLES[target]}“ wechseln.",
        )
    return target


TITLES: Mapping[State, str] = {
    State.DRAFT: "Entwurf",
    State.ACCEPTED: "angenommen",
    State.UNDER_WAY: "unterwegs",
    State.WAITING: "wartet",
    State.AVAILABLE: "bereitgestellt",
    State.HANDED_OVER: "übergeben",
    State.CONFIRMED: "bestätigt",
    State.REJECTED: "abgelehnt",
    State.HELD: "angehalten",
    State.WITHDRAWN: "zurückgezogen",
    State.EXPIRED: "verfallen",
}


@dataclass(frozen=True, slots=True)
class Why:
    """Why something stands where it stands: one sentence in German and one in English."""

    de: str
    en: str


def why(
    state: State, *, authority: str, reason: str = "", next_at: str = "", attempts: int = 0, failed: bool = True
) -> Why:
    """Say in one sentence why a state waits, for whom, and what happens next and when.

    `reason` is the stored German reason of the last outcome, `next_at` a formatted local time.
    `failed` says whether what waits has failed before; else somebody has put it back, and `reason` is theirs.
    """
    german, english = _WHY[state] if failed or state is not State.WAITING else _PUT_BACK
    facts = {"authority": authority, "attempts": attempts}
    said = reason.rstrip(".")
    return Why(
        german.format(**facts, reason=said or "kein Grund vermerkt", next_at=next_at or "sofort"),
        english.format(**facts, reason=said or "no reason noted", next_at=next_at or "at once"),
    )


def why_paused(*, authority: str, reason: str) -> Why:
    """Say that nothing is sent because somebody has paused the whole way."""
    said = reason.rstrip(".") or "kein Grund vermerkt"
    return Why(
        f"Der Weg zu {authority} ist angehalten ({said}); gesendet wird wieder, sobald ihn jemand freigibt.",
        f"The way to {authority} is paused ({said}); sending goes on as soon as somebody resumes it.",
    )


def why_resting(*, authority: str, failures: int, until: str) -> Why:
    """Say that something accepted waits because others before it did not get through; `until` is a local time."""
    return Why(
        f"Angenommen und gesichert; {authority} war zuletzt {failures}-mal nacheinander nicht erreichbar, "
        f"darum ruht der Weg bis {until}.",
        f"Accepted and durable; {authority} could not be reached {failures} times in a row, "
        f"so its way rests until {until}.",
    )


_PUT_BACK = (
    "Wieder eingestellt ({reason}); nächster Versuch bei {authority} {next_at}.",
    "Put back into the queue ({reason}); next attempt at {authority}: {next_at}.",
)
"""What waits since somebody put it back: no attempt has failed since."""

_WHY: Mapping[State, tuple[str, str]] = {
    State.DRAFT: (
        "Das Portal hat die Einreichung noch nicht abgeschlossen; ohne Abschluss verfällt sie am {next_at}.",
        "The portal has not completed the submission; it expires: {next_at}.",
    ),
    State.ACCEPTED: (
        "Angenommen und gesichert; die Übermittlung an {authority} beginnt {next_at}.",
        "Accepted and durable; delivery to {authority} starts: {next_at}.",
    ),
    State.UNDER_WAY: (
        "Wird gerade an {authority} übermittelt (Versuch {attempts}).",
        "Being delivered to {authority} (attempt {attempts}).",
    ),
    State.WAITING: (
        "{authority} war beim Versuch {attempts} nicht erreichbar ({reason}); nächster Versuch {next_at}.",
        "{authority} could not be reached at attempt {attempts} ({reason}); next attempt: {next_at}.",
    ),
    State.AVAILABLE: (
        "Liegt für {authority} bereit; die Behörde muss den Vorgang abholen.",
        "Waiting for {authority} to fetch it.",
    ),
    State.HANDED_OVER: (
        "{authority} hat den Vorgang technisch übernommen; die Eingangsbestätigung (1120) steht aus.",
        "{authority} has taken it over; its receipt (1120) is still to come.",
    ),
    State.CONFIRMED: ("{authority} hat den Eingang bestätigt.", "{authority} has confirmed the receipt."),
    State.REJECTED: (
        "{authority} hat die Nachricht zurückgewiesen: {reason}.",
        "{authority} has rejected the message: {reason}.",
    ),
    State.HELD: (
        "Angehalten, ein Mensch muss entscheiden: {reason}.",
        "Held, a human must decide: {reason}.",
    ),
    State.WITHDRAWN: ("Zurückgezogen; es geschieht nichts mehr.", "Withdrawn; nothing more happens."),
    State.EXPIRED: (
        "Der Entwurf wurde nicht abgeschlossen und ist verfallen; es wurde nichts übermittelt.",
        "The draft was never completed and has expired; nothing was delivered.",
    ),
}
