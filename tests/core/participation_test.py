"""What holds on a day, what is wrong with a setting, and its JSON form."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import codes
from gateway.domain.errors import RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import (
    Option,
    Participation,
    Phase,
    Protection,
    differences,
    in_force,
    is_web_address,
    to_json,
    upcoming,
    validate,
)
from gateway.domain.participation_json import from_json
from gateway.domain.procedure import Procedure

KEY = AuthorityKey("05570000")
GOOD = Participation(
    KEY,
    date(2026, 12, 1),
    Option.WITH_PLANS,
    frozenset({Procedure.BUILDING_PERMIT}),
    "2.6",
    "file_drop",
    {"folder": "/srv/bau"},
    phase=Phase.LIVE,
)

texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf"]), max_size=30)
scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | texts
adapter_settings = st.dictionaries(
    texts, st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5), max_size=3
)
participations = st.builds(
    Participation,
    authority=st.from_regex(r"[0-9]{8}", fullmatch=True).map(AuthorityKey),
    valid_from=st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    option=st.sampled_from(Option),
    procedures=st.frozensets(st.sampled_from(Procedure)),
    release=st.sampled_from(["", "2.6", "2.4.0.1"]),
    adapter=st.sampled_from(["", "file_drop", "xta_mailbox"]),
    settings=adapter_settings,
    protection=st.sampled_from(Protection),
    phase=st.sampled_from(Phase),
    redirect_url=st.sampled_from(["", "https://bauamt.example/antrag"]),
    size_limit=st.integers(10**6, 250 * 10**6),
    list_posted_plans=st.booleans(),
    certificates=st.lists(st.from_regex(r"[0-9a-f]{64}", fullmatch=True), max_size=2).map(tuple),
    source=texts,
    note=texts,
    changed_by=texts,
    changed_at=st.none() | st.datetimes(timezones=st.just(UTC)),
)


@given(participations)
def test_what_is_written_as_json_is_read_back_the_same(value: Participation) -> None:
    assert from_json(json.loads(json.dumps(to_json(value)))) == value


@given(participations)
def test_validating_never_fails_and_finds_faults_only_in_incomplete_settings(value: Participation) -> None:
    incomplete = value.option is Option.REDIRECT and not value.redirect_url
    if value.option.accepts and value.phase.reachable:
        incomplete = incomplete or not (value.procedures and value.release and value.adapter)
    assert bool(validate(value)) == incomplete


@settings(max_examples=30)
@given(st.lists(participations, max_size=4, unique_by=lambda value: value.valid_from), st.randoms(), st.dates())
def test_the_order_of_the_history_does_not_matter(history: list[Participation], chance: Any, on: date) -> None:
    shuffled = list(history)
    chance.shuffle(shuffled)
    held = in_force(history, on)
    assert held == in_force(shuffled, on)
    assert upcoming(history, on) == upcoming(shuffled, on)
    begun = [value for value in history if value.valid_from <= on]
    assert (held is None) == (not begun)
    assert len(begun) + len(upcoming(history, on)) == len(history)


def test_a_setting_holds_from_its_first_day_until_the_day_before_the_next() -> None:
    later = replace(GOOD, valid_from=date(2027, 1, 1), option=Option.NONE)
    history = (later, GOOD)
    assert in_force(history, date(2026, 11, 30)) is None
    assert in_force(history, date(2026, 12, 1)) is GOOD
    assert in_force(history, date(2026, 12, 31)) is GOOD
    assert in_force(history, date(2027, 1, 1)) is later


def test_of_two_settings_for_the_same_day_the_one_changed_last_holds() -> None:
    first = replace(GOOD, changed_at=datetime(2026, 11, 1, tzinfo=UTC))
    second = replace(GOOD, changed_at=datetime(2026, 11, 2, tzinfo=UTC), note="berichtigt")
    assert in_force((second, first), GOOD.valid_from) is second


def test_a_complete_setting_has_no_fault() -> None:
    assert validate(GOOD, authorities={KEY}, releases={"2.6"}, adapters={"file_drop"}) == []


def test_an_invited_authority_may_still_lack_details_but_a_live_one_may_not() -> None:
    bare = Participation(KEY, date(2026, 12, 1), Option.WITH_PLANS)
    assert validate(bare) == []
    faults = validate(replace(bare, phase=Phase.LIVE))
    assert [fault.pointer for fault in faults] == ["/procedures", "/release", "/adapter"]
    assert {fault.code for fault in faults} == {codes.FIELD_MISSING}


def test_a_redirect_needs_an_address_of_the_web() -> None:
    bare = Participation(KEY, date(2026, 12, 1), Option.REDIRECT)
    assert [fault.pointer for fault in validate(bare)] == ["/redirect_url"]
    assert validate(replace(bare, redirect_url="https://bauamt.example/antrag?x=1")) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://bauamt.example",
        "https://",
        "https:///pfad",
        "javascript:alert(1)",
        "https://nutzer:wort@bauamt.example",
        "https://bauamt.example:0/",
        "https://bauamt.example:99999/",
        "https://[::1",
        "https://bauamt.example/\r\nSet-Cookie: x",
        "https://bauamt.example/mit leer",
        "https://bauamt.example/\u202egpj",
        "https://bauamt.example/" + "a" * 3000,
    ],
)
def test_what_is_no_safe_web_address_is_refused(text: str) -> None:
    assert not is_web_address(text)


def test_all_faults_are_named_at_once() -> None:
    wrong = Participation(
        AuthorityKey("5570"),
        date(26, 12, 1),
        Option.WITH_PLANS,
        release="zwei",
        adapter="File Drop",
        settings={"x": float("nan")},
        phase=Phase.TEST,
        redirect_url="http://x",
        size_limit=0,
        certificates=("AB",),
        note="a\x00b",
    )
    assert {fault.pointer for fault in validate(wrong)} == {
        "/authority",
        "/valid_from",
        "/release",
        "/adapter",
        "/settings",
        "/size_limit",
        "/certificates/0",
        "/note",
        "/redirect_url",
        "/procedures",
    }


def test_what_the_installation_does_not_know_is_a_fault() -> None:
    faults = validate(GOOD, authorities={"05315000"}, releases={"2.4.0.1"}, adapters={"sftp"})
    assert [(fault.code, fault.pointer) for fault in faults] == [
        (codes.AUTHORITY_UNKNOWN, "/authority"),
        (codes.RELEASE_UNKNOWN, "/release"),
        (codes.ADAPTER_UNKNOWN, "/adapter"),
    ]


def test_differences_name_what_changes_and_not_who_changed_it() -> None:
    after = replace(GOOD, option=Option.WITHOUT_PLANS, release="2.4.0.1", note="neu", changed_by="op-03")
    assert [(d.name, d.before, d.after) for d in differences(GOOD, after)] == [
        ("option", "1", "2"),
        ("release", "2.6", "2.4.0.1"),
    ]
    assert {difference.before for difference in differences(None, GOOD)} == {None}
    assert differences(GOOD, GOOD) == ()


def test_reading_json_names_every_unreadable_unknown_and_missing_field() -> None:
    with pytest.raises(RoutingError) as caught:
        from_json(
            {
                "authority": "05570000",
                "option": "4",
                "procedures": ["baugenehmigung", "luftschloss"],
                "phase": 1,
                "size_limit": True,
                "changed_at": "2026-11-03T09:00:00",
                "a/b": 1,
            }
        )
    assert caught.value.code is codes.PARTICIPATION_INVALID
    assert [fault.pointer for fault in caught.value.faults] == [
        "/a~1b",
        "/valid_from",
        "/option",
        "/procedures",
        "/phase",
        "/size_limit",
        "/changed_at",
    ]


@given(
    st.recursive(
        scalars, lambda inner: st.lists(inner) | st.dictionaries(texts | st.sampled_from(list(to_json(GOOD))), inner)
    )
)
def test_reading_any_json_gives_a_participation_or_a_refusal(data: Any) -> None:
    try:
        faults = validate(from_json(data))
    except RoutingError as refusal:
        faults = list(refusal.faults)
        refused = True
    else:
        refused = False
    assert faults or not refused
    assert all(fault.detail.endswith(".") for fault in faults)
