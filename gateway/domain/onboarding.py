"""How an authority comes on board: stages, legal moves, the evidence each needs, and four eyes before going live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain import codes
from gateway.domain.errors import Fault, RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Phase


class Stage(StrEnum):
    """How far an authority has come."""

    INVITED = "invited"
    DETAILS = "details"
    CONNECTED = "connected"
    VERIFIED = "verified"
    APPROVED = "approved"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"

    @property
    def label(self) -> str:
        """The German name as people read it."""
        return STAGE_TITLES[self]

    @property
    def phase(self) -> Phase:
        """What may be sent to the authority at this stage."""
        return STAGE_PHASES[self]


STAGE_TITLES: Mapping[Stage, str] = {
    Stage.INVITED: "eingeladen",
    Stage.DETAILS: "Angaben da",
    Stage.CONNECTED: "verbunden",
    Stage.VERIFIED: "geprüft",
    Stage.APPROVED: "freigegeben",
    Stage.LIVE: "live",
    Stage.PAUSED: "pausiert",
    Stage.ENDED: "beendet",
}

STAGE_PHASES: Mapping[Stage, Phase] = {
    Stage.INVITED: Phase.NOT_CONNECTED,
    Stage.DETAILS: Phase.TEST,
    Stage.CONNECTED: Phase.TEST,
    Stage.VERIFIED: Phase.TEST,
    Stage.APPROVED: Phase.TEST,
    Stage.LIVE: Phase.LIVE,
    Stage.PAUSED: Phase.PAUSED,
    Stage.ENDED: Phase.ENDED,
}

PHASE_STAGES: Mapping[Phase, Stage] = {
    Phase.NOT_CONNECTED: Stage.INVITED,
    Phase.TEST: Stage.DETAILS,
    Phase.LIVE: Stage.LIVE,
    Phase.PAUSED: Stage.PAUSED,
    Phase.ENDED: Stage.ENDED,
}
"""How far an authority counts as having come where nobody has kept an onboarding: as its participation says."""

# Back to DETAILS whenever what was proved no longer holds (another adapter, another certificate, another release).
MOVES: Mapping[Stage, frozenset[Stage]] = {
    Stage.INVITED: frozenset({Stage.DETAILS, Stage.ENDED}),
    Stage.DETAILS: frozenset({Stage.CONNECTED, Stage.ENDED}),
    Stage.CONNECTED: frozenset({Stage.VERIFIED, Stage.DETAILS, Stage.ENDED}),
    Stage.VERIFIED: frozenset({Stage.APPROVED, Stage.DETAILS, Stage.ENDED}),
    Stage.APPROVED: frozenset({Stage.LIVE, Stage.DETAILS, Stage.ENDED}),
    Stage.LIVE: frozenset({Stage.PAUSED, Stage.ENDED}),
    Stage.PAUSED: frozenset({Stage.LIVE, Stage.DETAILS, Stage.ENDED}),
    Stage.ENDED: frozenset({Stage.INVITED}),
}


class Check(StrEnum):
    """One thing that the system itself proves about a connection."""

    DETAILS = "details"
    CONTACT = "contact"
    REACHABLE = "reachable"
    CERTIFICATE = "certificate"
    CLOCK = "clock"
    TEST_DELIVERED = "test_delivered"
    TEST_OPENED = "test_opened"
    TEST_ANSWERED = "test_answered"

    @property
    def label(self) -> str:
        """The German line of the checklist."""
        return CHECK_TITLES[self]


CHECK_TITLES: Mapping[Check, str] = {
    Check.DETAILS: "Angaben vollständig",
    Check.CONTACT: "Kontakt vollständig",
    Check.REACHABLE: "Gegenstelle erreichbar",
    Check.CERTIFICATE: "Zertifikat passt",
    Check.CLOCK: "Uhrzeit",
    Check.TEST_DELIVERED: "Testnachricht übergeben",
    Check.TEST_OPENED: "Testnachricht geöffnet",
    Check.TEST_ANSWERED: "Antwort 1120 auf Test",
}

NEEDS: Mapping[Stage, tuple[Check, ...]] = {
    Stage.DETAILS: (),
    Stage.CONNECTED: (Check.DETAILS, Check.CONTACT, Check.REACHABLE, Check.CERTIFICATE, Check.CLOCK),
    Stage.VERIFIED: (Check.TEST_DELIVERED, Check.TEST_OPENED, Check.TEST_ANSWERED),
    Stage.APPROVED: tuple(Check),
    Stage.LIVE: tuple(Check),
}
"""The checks that must be proved before a stage may be entered; none for the others."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The outcome of one check: when (aware UTC), whether it holds, and what exactly was seen (German).

    `of` names the way, release and certificates it was seen of: for others it proves nothing (empty: not known).
    """

    check: Check
    at: datetime
    holds: bool
    detail: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Onboarding:
    """Where one authority stands: `evidence` the collected outcomes in any order; `proposer` asked for approval.

    `approved_of` names the way that the second person approved: another one is not approved by it.
    """

    authority: AuthorityKey
    stage: Stage = Stage.INVITED
    evidence: tuple[Evidence, ...] = ()
    proposer: str = ""
    approver: str = ""
    approved_of: str = ""


def latest(evidence: Iterable[Evidence]) -> Mapping[Check, Evidence]:
    """Return the newest outcome of each check: a later failure undoes an earlier success."""
    return {outcome.check: outcome for outcome in sorted(evidence, key=lambda outcome: outcome.at)}


def unproved(evidence: Iterable[Evidence], target: Stage) -> tuple[Check, ...]:
    """Return the checks that still keep an authority from a stage."""
    outcomes = latest(evidence)
    return tuple(check for check in NEEDS.get(target, ()) if check not in outcomes or not outcomes[check].holds)


def move(current: Stage, target: Stage, evidence: Iterable[Evidence] = ()) -> Stage:
    """Return `target` if the table allows it and its evidence is complete.

    Raises:
        RoutingError: STATE_CONFLICT, in German, naming every check that is not proved.
    """
    if target not in MOVES[current]:
        raise RoutingError(
            codes.STATE_CONFLICT,
            f"Die Anbindung ist „{current.label}“ und kann nicht nach „{target.label}“ wechseln.",
            f"Möglich ist: {', '.join(stage.label for stage in Stage if stage in MOVES[current])}.",
        )
    missing = unproved(evidence, target)
    if missing:
        raise RoutingError(
            codes.STATE_CONFLICT,
            f"Für „{target.label}“ fehlt noch: {', '.join(check.label for check in missing)}.",
            "Die Nachweise sammelt das System selbst; bitte die offenen Prüfungen wiederholen.",
            [Fault(codes.STATE_CONFLICT, f"/evidence/{check}", f"Nicht erfüllt: {check.label}.") for check in missing],
        )
    return target


def approval_faults(proposer: str, approver: str, typed_name: str, authority_name: str) -> list[Fault]:
    """Return what keeps a second person from approving: same person, nobody proposed it, or another name typed."""
    faults = []
    if not proposer:
        faults.append(Fault(codes.FIELD_MISSING, "/proposer", "Niemand hat die Freigabe vorgeschlagen."))
    if not approver:
        faults.append(Fault(codes.FIELD_MISSING, "/approver", "Es fehlt, wer freigibt."))
    elif approver.strip().casefold() == proposer.strip().casefold():
        text = "Vorschlagen und freigeben müssen zwei verschiedene Personen."
        faults.append(Fault(codes.FIELD_INVALID, "/approver", text))
    if " ".join(typed_name.split()) != authority_name:
        text = f"Zur Bestätigung bitte den Namen der Behörde genau eingeben: {authority_name}."
        faults.append(Fault(codes.FIELD_INVALID, "/typed_name", text))
    return faults
