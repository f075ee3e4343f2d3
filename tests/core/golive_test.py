"""Nobody goes live by a setting; an installation for tests may, and says so; PROD never."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.domain import codes
from gateway.domain.calendar import local_date
from gateway.domain.errors import RoutingError
from gateway.domain.participation import Option, Participation, Phase, Protection, in_force, to_json
from gateway.flow import golive
from gateway.flow.participation import change, change_all, remove
from gateway.main import app
from tests.kit.installation import AHLEN, OELDE, WARENDORF, Installation, installation

ANNA = "operator:anna"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as installed:
        installed.takes_part(AHLEN, phase=Phase.TEST)
        yield installed


def of_today(home: Installation, **changes: object) -> Participation:
    """Return what holds for Ahlen today, with changes."""
    day = local_date(home.clock.now())
    with home.world.store.reading() as tx:
        held = in_force(tx.registry.history(AHLEN), day)
    assert held is not None
    return replace(held, valid_from=day, **changes)


def run(home: Installation, *words: object) -> Result:
    return CliRunner().invoke(app, ["--state", str(home.settings.state), *map(str, words)])


def phase(home: Installation) -> Phase:
    return of_today(home).phase


def test_no_setting_makes_an_authority_live(home: Installation) -> None:
    with pytest.raises(RoutingError) as refused:
        change(home.world, of_today(home, phase=Phase.LIVE), ANNA, "weil")
    assert refused.value.code is codes.FOUR_EYES
    assert "zwei Personen" in refused.value.reason
    assert [fault.pointer for fault in refused.value.faults] == ["/phase"]
    assert phase(home) is Phase.TEST


def test_of_many_settings_the_one_that_would_go_live_stops_all(home: Installation) -> None:
    other = Participation(OELDE, local_date(home.clock.now()), Option.NONE)
    with pytest.raises(RoutingError) as refused:
        change_all(home.world, [other, of_today(home, phase=Phase.LIVE)], ANNA, "weil", "Umfrage")
    assert [fault.pointer for fault in refused.value.faults] == ["/1/phase"]
    with home.world.store.reading() as tx:
        assert tx.registry.history(OELDE) == ()


def test_a_live_authority_may_be_changed_and_stay_live(home: Installation) -> None:
    with home.world.store.reading() as tx:
        (held,) = tx.registry.history(WARENDORF)
    day = local_date(home.clock.now())
    assert change(home.world, replace(held, valid_from=day, option=Option.WITHOUT_PLANS), ANNA, "x").phase is Phase.LIVE
    with pytest.raises(RoutingError):  # before it was live nobody was asked either
        change(home.world, replace(held, valid_from=held.valid_from.replace(year=2020)), ANNA, "x")


XTA: dict[str, Any] = {"adapter": "xta_mailbox", "settings": {}}


def test_a_live_authority_gets_end_to_end_content_only_after_it_opened_a_test_message(home: Installation) -> None:
    home.takes_part(AHLEN, **XTA, protection=Protection.TRANSPORT, valid_from=local_date(home.clock.now()))
    wanted = of_today(home, protection=Protection.END_TO_END)
    with pytest.raises(RoutingError) as refused:
        change(home.world, wanted, ANNA, "x")
    assert refused.value.code is codes.PARTICIPATION_INVALID
    assert [fault.pointer for fault in refused.value.faults] == ["/protection"]
    assert "Testnachricht" in refused.value.reason
    with pytest.raises(RoutingError):  # nor later, nor one of many
        change_all(home.world, [wanted, replace(wanted, valid_from=wanted.valid_from + timedelta(days=9))], ANNA, "x")
    assert of_today(home).protection is Protection.TRANSPORT
    assert change(home.world, replace(wanted, phase=Phase.TEST), ANNA, "x").phase is Phase.TEST


def test_another_way_to_a_live_authority_is_not_end_to_end_because_the_one_before_was(home: Installation) -> None:
    home.takes_part(AHLEN, valid_from=local_date(home.clock.now()))
    with pytest.raises(RoutingError) as refused:
        change(home.world, of_today(home, **XTA), ANNA, "x")
    assert [fault.pointer for fault in refused.value.faults] == ["/protection"]
    assert change(home.world, of_today(home, **XTA, protection=Protection.TRANSPORT), ANNA, "x").adapter


def test_end_to_end_content_that_is_opened_already_and_sealed_folders_need_no_new_test(home: Installation) -> None:
    home.takes_part(AHLEN, **XTA, valid_from=local_date(home.clock.now()))
    assert change(home.world, of_today(home, size_limit=40_000_000), ANNA, "x").size_limit == 40_000_000
    settings = {"folder": str(home.inboxes[AHLEN])}
    assert change(home.world, of_today(home, adapter="file_drop", settings=settings), ANNA, "x").phase is Phase.LIVE


def test_in_prod_end_to_end_waits_for_the_test_message_whatever_is_asked_for(home: Installation) -> None:
    home.takes_part(AHLEN, **XTA, protection=Protection.TRANSPORT, valid_from=local_date(home.clock.now()))
    given = ["authorities", "set", "Ahlen", "--protection", "end_to_end", "--reason", "x"]
    assert run(home, *given).exit_code == 1
    mark(home, "PROD")
    assert run(home, *given, "--without-approval").exit_code == 4
    assert of_today(home).protection is Protection.TRANSPORT
    mark(home, "TEST")
    assert run(home, *given, "--without-approval").exit_code == 0


def test_taking_back_what_ended_an_authority_does_not_make_it_live_again(home: Installation) -> None:
    day = local_date(home.clock.now())
    home.takes_part(WARENDORF, phase=Phase.ENDED, valid_from=day)
    with pytest.raises(RoutingError) as refused:
        remove(home.world, WARENDORF, day, ANNA, "Irrtum")
    assert refused.value.code is codes.FOUR_EYES


@pytest.mark.parametrize("environment", ["PROD", "TEST"])
def test_the_command_line_refuses_going_live_with_4_and_says_what_to_do(tmp_path: Path, environment: str) -> None:
    with installation(tmp_path) as home:
        home.takes_part(AHLEN, phase=Phase.TEST)
        mark(home, environment)
        refused = run(home, "authorities", "set", "Ahlen", "--phase", "live", "--reason", "x")
        assert (refused.exit_code, refused.stdout) == (4, "")
        assert "Freigabe durch zwei Personen" in refused.stderr
        assert "Bitte über die Anbindung vorschlagen" in refused.stderr
        dry = run(home, "authorities", "set", "Ahlen", "--phase", "live", "--reason", "x", "--dry-run")
        assert dry.exit_code == 4
        import json

        file = tmp_path / "alle.json"
        file.write_text(json.dumps([to_json(of_today(home, phase=Phase.LIVE))]), encoding="utf-8")
        assert run(home, "authorities", "import", file, "--reason", "x").exit_code == 4
        assert phase(home) is Phase.TEST


def test_in_prod_nothing_goes_live_without_approval_whatever_is_asked_for(home: Installation) -> None:
    mark(home, "PROD")
    refused = run(home, "authorities", "set", "Ahlen", "--phase", "live", "--reason", "x", "--without-approval")
    assert refused.exit_code == 4
    assert "PROD" in refused.stderr
    assert phase(home) is Phase.TEST


def test_an_installation_for_tests_may_and_the_journal_says_so(home: Installation) -> None:
    done = run(home, "authorities", "set", "Ahlen", "--phase", "live", "--reason", "Probe", "--without-approval")
    assert done.exit_code == 0, done.output
    assert phase(home) is Phase.LIVE
    with home.world.store.reading() as tx:
        acts = [entry.act for entry in tx.journal.read(subject=AHLEN) if entry.act.what == golive.UNAPPROVED]
    assert (len(acts), acts[0].why, acts[0].facts["environment"]) == (1, "Probe", "TEST")


def mark(home: Installation, environment: str) -> None:
    """Write into the installation's own settings what it is."""
    (home.settings.state / "bauweiche.toml").write_text(f'environment = "{environment}"\n', encoding="utf-8")
