"""Whether everything went well: held against what portal and authorities saw, the journal, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.demo.authority import FakeAuthority
from gateway.demo.portal import Handed
from gateway.domain.delivery import State
from gateway.domain.errors import GatewayError
from gateway.domain.journal import verify
from gateway.ports import World
from gateway.seal.evidence_check import check


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found: `faults` is empty if all went well; `proved` counts the verified bundles of evidence."""

    killed: bool
    proved: int
    entries: int
    faults: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Nothing is missing, doubled or broken."""
        return not self.faults


def look(world: World, handed: Sequence[Handed], authorities: Sequence[FakeAuthority], killed: bool) -> Outcome:
    """Return what became of it all."""
    accepted = [entry for entry in handed if not entry.refused]
    with world.store.reading() as tx:
        entries = list(tx.journal.read())
    broken = verify(entries)
    faults = [] if killed else ["Der Worker wurde nicht in der Übermittlung erwischt."]
    if broken is not None:
        faults.append(f"Ereignisprotokoll: {broken.reason}")
    proofs = [_proof(world, entry) for entry in accepted]
    faults += [proof for proof in proofs if proof]
    faults += [fault for entry in accepted for fault in _faults(entry, authorities)]
    return Outcome(killed, proofs.count(""), len(entries), tuple(faults))


def _faults(entry: Handed, authorities: Sequence[FakeAuthority]) -> list[str]:
    number = entry.case_number
    lax = {fake.wish.key for fake in authorities if not fake.wish.fetches}
    if entry.answer["authority"]["key"] in lax:
        kept = entry.answer["status"] == State.AVAILABLE and entry.answer["erased_at"] is None
        return [] if kept else [f"{number}: liegt nicht mehr bereit, obwohl niemand abgeholt hat."]
    reads = [fake for fake in authorities if number in fake.read]
    if len(reads) != 1 or reads[0].times != len(reads[0].read):
        return [f"{number}: kam nicht genau einmal an."]
    answered = [kind for case, kind in reads[0].answered if case == number]
    told = [reply["number"] for reply in entry.replies]
    faults = [f"{number}: {finding}" for finding in reads[0].read[number].findings]
    if sorted(answered) != sorted(told):
        faults.append(f"{number}: Antworten {answered} gegeben, {told} angekommen.")
    return faults + ([] if entry.answer["erased_at"] else [f"{number}: Inhalt ist nicht gelöscht."])


def _proof(world: World, entry: Handed) -> str:
    """Return why a bundle of evidence does not hold, or an empty text if every byte of it does."""
    try:
        proved = check(entry.evidence, world.trust)
    except GatewayError as error:
        return f"{entry.case_number}: Nachweis: {error.reason}"
    return "" if proved.case_number == entry.case_number else f"{entry.case_number}: Nachweis eines anderen Vorgangs."
