"""Every municipality reaches exactly one authority, and every refusal says what to do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import registry
from gateway.domain import codes
from gateway.domain.authority import EditionPlan
from gateway.domain.codes import Code
from gateway.domain.errors import ConfigurationError, RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Participation, Phase
from gateway.domain.procedure import Procedure
from gateway.routing import Histories, authority_of, responsible, route, successor

EDITIONS = registry.editions()
SWITCH = date(2027, 1, 1)
PLAN = EditionPlan(((SWITCH, "215"),))
WARENDORF = AuthorityKey("05570000")
ENNIGERLOH = "05570012"
DRENSTEINFURT = "05570016"
TODAY = date(2026, 12, 1)
LIVE = Participation(
    WARENDORF,
    TODAY,
    Option.WITH_PLANS,
    frozenset({Procedure.BUILDING_PERMIT}),
    "2.6",
    "file_drop",
    {"folder": "/srv/bau"},
    phase=Phase.LIVE,
)

municipalities = st.sampled_from(sorted(registry.municipalities()))
days = st.dates(date(2026, 1, 1), date(2028, 12, 31))


def histories(*changes: Participation) -> Histories:
    def of(key: AuthorityKey) -> Sequence[Participation]:
        return [change for change in changes if change.authority == key]

    return of


def refusal(
    *changes: Participation, procedure: Procedure = Procedure.BUILDING_PERMIT, test: bool = False
) -> RoutingError:
    with pytest.raises(RoutingError) as caught:
        route(PLAN, EDITIONS, histories(*changes), DRENSTEINFURT, procedure, TODAY, test=test)
    return caught.value


@given(municipalities, days)
def test_every_municipality_has_one_responsible_authority_of_the_edition_of_the_day(ags: str, on: date) -> None:
    edition = EDITIONS["215" if on >= SWITCH else "212"]
    authority = responsible(PLAN, EDITIONS, ags, on)
    assert authority is edition.authorities[edition.jurisdiction[ags]]


@given(municipalities, days, days, st.sampled_from(Procedure), st.booleans())
def test_routing_is_deterministic_and_does_not_depend_on_the_order_of_the_history(
    ags: str, on: date, begin: date, procedure: Procedure, test: bool
) -> None:
    key = responsible(PLAN, EDITIONS, ags, on).key
    first = replace(LIVE, authority=key, valid_from=date(2025, 12, 31), phase=Phase.TEST)
    second = replace(LIVE, authority=key, valid_from=begin, procedures=frozenset(Procedure))

    def outcome(*changes: Participation) -> object:
        try:
            return route(PLAN, EDITIONS, histories(*changes), ags, procedure, on, test=test)
        except RoutingError as error:
            return error.code, error.reason, error.hint

    assert outcome(first, second) == outcome(second, first) == outcome(first, second)


def test_a_live_authority_is_found_with_everything_the_delivery_needs() -> None:
    found = route(PLAN, EDITIONS, histories(LIVE), DRENSTEINFURT, Procedure.BUILDING_PERMIT, TODAY)
    assert found.authority.title == "Kreis Warendorf"
    assert found.participation is LIVE
    assert (found.edition, found.municipality, found.on) == ("212", DRENSTEINFURT, TODAY)


def test_a_setting_is_used_from_its_first_day_and_not_one_day_earlier() -> None:
    late = replace(LIVE, valid_from=date(2026, 12, 2))
    assert refusal(late).code is codes.NOT_PARTICIPATING
    found = route(PLAN, EDITIONS, histories(late), DRENSTEINFURT, Procedure.BUILDING_PERMIT, date(2026, 12, 2))
    assert found.participation is late


@pytest.mark.parametrize("ags", ["", "5570000", "05570000", "09162000", "0557001\u0666", "05570016\n", "x" * 10**6])
def test_an_unknown_municipality_is_refused_without_echoing_it(ags: str) -> None:
    with pytest.raises(RoutingError) as caught:
        responsible(PLAN, EDITIONS, ags, TODAY)
    assert caught.value.code is codes.MUNICIPALITY_UNKNOWN
    assert len(caught.value.reason) < 200


@pytest.mark.parametrize(
    ("change", "test", "code"),
    [
        ({"option": Option.NONE}, False, codes.NOT_PARTICIPATING),
        ({"option": Option.NONE}, True, codes.NOT_PARTICIPATING),
        ({"option": Option.REDIRECT, "redirect_url": "https://bau.example"}, False, codes.REDIRECTED),
        ({"option": Option.REDIRECT, "redirect_url": "https://bau.example"}, True, codes.REDIRECTED),
        ({"procedures": frozenset({Procedure.DEVIATION})}, False, codes.PROCEDURE_OFF),
        ({"phase": Phase.NOT_CONNECTED}, False, codes.NOT_LIVE),
        ({"phase": Phase.NOT_CONNECTED}, True, codes.NOT_LIVE),
        ({"phase": Phase.TEST}, False, codes.TEST_ONLY),
        ({"phase": Phase.TEST, "redirect_url": "https://bau.example"}, False, codes.REDIRECTED),
        ({"phase": Phase.PAUSED}, False, codes.NOT_LIVE),
        ({"phase": Phase.ENDED}, False, codes.NOT_PARTICIPATING),
        ({"phase": Phase.ENDED}, True, codes.NOT_PARTICIPATING),
    ],
)
def test_each_way_of_not_taking_part_has_its_own_code(change: dict[str, object], test: bool, code: Code) -> None:
    error = refusal(replace(LIVE, **change), test=test)  # type: ignore[arg-type]  # fields by name
    assert error.code is code
    assert "Kreis Warendorf" in error.reason
    assert error.hint.strip()


@pytest.mark.parametrize("phase", [Phase.TEST, Phase.LIVE, Phase.PAUSED])
def test_test_messages_are_taken_as_soon_as_messages_can_be_carried(phase: Phase) -> None:
    change = replace(LIVE, phase=phase, redirect_url="https://bau.example")
    found = route(PLAN, EDITIONS, histories(change), DRENSTEINFURT, Procedure.BUILDING_PERMIT, TODAY, test=True)
    assert found.participation is change


def test_a_live_authority_takes_applications_itself_even_if_an_address_is_still_entered() -> None:
    change = replace(LIVE, redirect_url="https://bau.example")
    found = route(PLAN, EDITIONS, histories(change), DRENSTEINFURT, Procedure.BUILDING_PERMIT, TODAY)
    assert found.participation is change


def test_the_redirect_address_stands_in_the_hint() -> None:
    error = refusal(replace(LIVE, option=Option.REDIRECT, redirect_url="https://bau.example/antrag"))
    assert error.hint.endswith(" https://bau.example/antrag")


def test_a_procedure_that_is_off_names_those_that_are_on() -> None:
    error = refusal(LIVE, procedure=Procedure.DEMOLITION)
    assert "Anzeige der Beseitigung" in error.reason
    assert "Baugenehmigung" in error.hint


def test_nobody_known_to_take_part_means_paper() -> None:
    assert refusal().code is codes.NOT_PARTICIPATING
    assert "Papierform" in refusal().hint


def test_a_running_case_learns_who_took_the_task_over() -> None:
    rhein_erft, bedburg = AuthorityKey("05362000"), "05362004"
    assert successor(PLAN, EDITIONS, rhein_erft, bedburg, date(2026, 12, 31)) is None
    taker = successor(PLAN, EDITIONS, rhein_erft, bedburg, SWITCH)
    assert taker is not None
    assert taker.key == "05362004"


def test_an_authority_that_an_edition_dropped_keeps_its_name_for_what_is_under_way() -> None:
    rhein_erft, bedburg = AuthorityKey("05362000"), AuthorityKey("05362004")
    assert rhein_erft not in EDITIONS["215"].authorities
    assert authority_of(PLAN, EDITIONS, rhein_erft, SWITCH).title == "Rhein-Erft-Kreis"
    assert authority_of(PLAN, EDITIONS, bedburg, TODAY).title == "Stadt Bedburg"
    neuss = AuthorityKey("05162000")
    assert authority_of(PLAN, EDITIONS, neuss, TODAY) is EDITIONS["212"].authorities[neuss]
    assert authority_of(PLAN, EDITIONS, neuss, SWITCH) is EDITIONS["215"].authorities[neuss]
    with pytest.raises(RoutingError) as caught:
        authority_of(PLAN, EDITIONS, AuthorityKey("05158000"), TODAY)
    assert caught.value.code is codes.AUTHORITY_UNKNOWN


def test_a_plan_that_names_an_edition_nobody_installed_is_the_deployers_matter() -> None:
    with pytest.raises(ConfigurationError, match="300"):
        responsible(EditionPlan(((TODAY, "300"),)), EDITIONS, ENNIGERLOH, TODAY)
