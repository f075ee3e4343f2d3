"""Changing how authorities take part: validated, kept and journaled in one transaction, singly or as a batch."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest

from gateway.domain import codes
from gateway.domain.errors import RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import verify
from gateway.domain.participation import Option, Participation, Phase, Protection, in_force
from gateway.domain.procedure import Procedure
from gateway.flow import participation
from gateway.flow.participation import remove, set_edition, undo_batch
from tests.kit.registry_world import NOW, FixedClock, MemoryStore, registry_world

WARENDORF, AHLEN = AuthorityKey("05570000"), AuthorityKey("05570004")
DAY = date(2026, 12, 1)
LIVE = Participation(
    WARENDORF,
    DAY,
    Option.WITH_PLANS,
    frozenset({Procedure.BUILDING_PERMIT}),
    "2.6",
    "file_drop",
    {"folder": "/srv/bau"},
    phase=Phase.LIVE,
)
NOBODY = Participation(AHLEN, DAY, Option.NONE)
change = partial(participation.change, unapproved=True)
change_all = partial(participation.change_all, unapproved=True)
"""As in an installation for tests: nobody has to approve."""


def test_a_change_is_kept_with_who_and_when_and_leaves_one_entry_with_what_changed() -> None:
    store = MemoryStore()
    kept = change(registry_world(store), LIVE, "operator:op-03", "Antrag der Behörde")
    assert store.registry.history(WARENDORF) == (kept,)
    assert (kept.changed_by, kept.changed_at) == ("operator:op-03", NOW)
    said, entry = store.journal.entries
    assert (said.act.what, said.act.facts["environment"]) == ("participation.live_unapproved", "TEST")
    assert (entry.act.actor, entry.act.what, entry.act.subject, entry.act.why) == (
        "operator:op-03",
        "participation.changed",
        "05570000",
        "Antrag der Behörde",
    )
    assert entry.act.facts["after"]["option"] == "1"
    assert entry.act.facts["before"]["option"] is None


def test_the_entry_names_only_what_differs_from_what_held_on_that_day() -> None:
    store = MemoryStore()
    world = registry_world(store)
    change(world, LIVE, "operator:a", "erst")
    change(world, replace(LIVE, valid_from=date(2027, 1, 1), release="2.4.0.1"), "operator:a", "dann")
    facts = store.journal.entries[-1].act.facts
    assert (facts["before"], facts["after"]) == ({"release": "2.6"}, {"release": "2.4.0.1"})


def test_a_faulty_change_is_refused_with_every_fault_and_nothing_is_kept() -> None:
    store = MemoryStore()
    wrong = replace(LIVE, authority=AuthorityKey("05158000"), adapter="brieftaube", procedures=frozenset())
    with pytest.raises(RoutingError) as caught:
        change(registry_world(store), wrong, "operator:a", "x")
    assert caught.value.code is codes.PARTICIPATION_INVALID
    assert {fault.pointer for fault in caught.value.faults} == {"/procedures", "/authority", "/adapter"}
    assert (store.registry.rows, store.journal.entries) == ({}, [])


@pytest.mark.parametrize(
    ("settings", "pointer", "words"),
    [
        ({}, "/settings/folder", "„Ablageordner“ fehlt."),
        ({"folder": ""}, "/settings/folder", "„Ablageordner“ ist ungültig"),
        ({"folder": "/srv", "a/b": 1}, "/settings/a~1b", "„a/b“ gibt es nicht"),
    ],
)
def test_the_adapter_has_its_say_about_its_own_settings(settings: dict[str, object], pointer: str, words: str) -> None:
    with pytest.raises(RoutingError) as caught:
        change(registry_world(MemoryStore()), replace(LIVE, settings=settings), "operator:a", "x")
    (fault,) = caught.value.faults
    assert (fault.code, fault.pointer) == (codes.ADAPTER_SETTINGS, pointer)
    assert words in fault.detail


def test_a_protection_that_the_adapter_cannot_give_is_refused() -> None:
    with pytest.raises(RoutingError) as caught:
        change(registry_world(MemoryStore()), replace(LIVE, protection=Protection.TRANSPORT), "operator:a", "x")
    assert [fault.pointer for fault in caught.value.faults] == ["/protection"]


def test_settings_of_an_authority_that_is_only_invited_are_not_asked_for() -> None:
    invited = replace(LIVE, settings={}, phase=Phase.NOT_CONNECTED)
    assert change(registry_world(MemoryStore()), invited, "operator:a", "x").settings == {}


def test_of_many_changes_all_or_none_are_kept_and_pointers_name_the_number() -> None:
    store = MemoryStore()
    with pytest.raises(RoutingError) as caught:
        change_all(registry_world(store), [LIVE, replace(NOBODY, option=Option.REDIRECT)], "operator:a", "x")
    assert [fault.pointer for fault in caught.value.faults] == ["/1/redirect_url"]
    assert store.registry.rows == {}


def test_a_batch_taken_back_leaves_everything_as_it_was() -> None:
    store = MemoryStore()
    clock = FixedClock()
    world = registry_world(store, clock)
    change(world, LIVE, "operator:a", "vorher")
    before = dict(store.registry.rows)
    clock.time += timedelta(hours=1)
    change_all(world, [replace(LIVE, option=Option.WITHOUT_PLANS), NOBODY], "operator:b", "Umfrage", "Umfrage 2026-11")
    assert store.registry.rows != before
    undone = undo_batch(world, "Umfrage 2026-11", "operator:c", "falsche Datei")
    assert (undone.restored, undone.left_alone) == ((WARENDORF, AHLEN), ())
    assert store.registry.rows == before
    assert verify(store.journal.entries) is None
    assert [entry.act.what for entry in store.journal.entries][-1] == "participation.batch_undone"


def test_taking_back_a_batch_leaves_alone_what_was_changed_since() -> None:
    store = MemoryStore()
    clock = FixedClock()
    world = registry_world(store, clock)
    change_all(world, [LIVE, NOBODY], "operator:b", "Umfrage", "U1")
    clock.time += timedelta(minutes=1)
    corrected = change(world, replace(LIVE, release="2.4.0.1"), "operator:a", "Anruf der Behörde")
    undone = undo_batch(world, "U1", "operator:c", "zurück")
    assert (undone.restored, undone.left_alone) == ((AHLEN,), (WARENDORF,))
    assert in_force(store.registry.history(WARENDORF), DAY) == corrected
    assert store.registry.history(AHLEN) == ()


def test_a_batch_name_is_used_once_and_a_batch_is_taken_back_once() -> None:
    store = MemoryStore()
    world = registry_world(store)
    change_all(world, [NOBODY], "operator:b", "Umfrage", "U1")
    with pytest.raises(RoutingError) as again:
        change_all(world, [LIVE], "operator:b", "Umfrage", "U1")
    assert again.value.code is codes.STATE_CONFLICT
    assert store.registry.history(WARENDORF) == ()
    undo_batch(world, "U1", "operator:c", "zurück")
    with pytest.raises(RoutingError) as twice:
        undo_batch(world, "U1", "operator:c", "zurück")
    assert twice.value.code is codes.STATE_CONFLICT
    with pytest.raises(RoutingError) as never:
        undo_batch(world, "U2", "operator:c", "zurück")
    assert never.value.code is codes.NOT_FOUND


def test_taking_back_one_setting_lets_the_one_before_hold_again() -> None:
    store = MemoryStore()
    world = registry_world(store)
    first = change(world, LIVE, "operator:a", "x")
    change(world, replace(LIVE, valid_from=date(2027, 1, 1), option=Option.NONE), "operator:a", "x")
    assert remove(world, WARENDORF, date(2027, 1, 1), "operator:a", "Irrtum")
    assert in_force(store.registry.history(WARENDORF), date(2027, 6, 1)) == first
    assert not remove(world, WARENDORF, date(2027, 1, 1), "operator:a", "Irrtum")
    assert store.journal.entries[-1].act.what == "participation.removed"


def test_a_change_of_edition_is_journaled_and_an_unknown_edition_refused() -> None:
    store = MemoryStore()
    world = registry_world(store)
    set_edition(world, "215", date(2027, 1, 1), "operator:a", "Jüchen übernimmt")
    assert store.registry.plan.steps == ((date(2027, 1, 1), "215"),)
    assert store.journal.entries[-1].act.facts == {"edition": "215", "valid_from": "2027-01-01"}
    with pytest.raises(RoutingError):
        set_edition(world, "300", date(2027, 1, 1), "operator:a", "x")
