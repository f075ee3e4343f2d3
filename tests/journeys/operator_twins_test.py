"""Every screen's command says the same as the screen: the same rows, the same figures, the same filters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner

from gateway.domain.participation import Phase
from gateway.main import app
from tests.kit.installation import (
    AHLEN,
    MUENSTER,
    WARENDORF,
    Installation,
    announcement,
    installation,
    overview_pdf,
    portal,
)
from tests.kit.operating import door
from tests.kit.replying import hand_in, known_case
from tests.kit.survey_of_212 import survey_of_212

PASSING = {"age_seconds", "now", "made_at", "as_of", "days", "certificate_days"}
"""What differs only because time goes on between two questions."""

Desk = tuple[Installation, httpx.AsyncClient, str]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with installation(tmp_path_factory.mktemp("twins")) as home:
        home.takes_part(AHLEN, phase=Phase.TEST)
        home.takes_part(MUENSTER, release="2.5")
        number = asyncio.run(worked(home))
        with door(home) as opened:
            yield home, opened.client("lena", "verwalten"), number


async def worked(home: Installation) -> str:
    """Let things be there to be seen: applications in several states, a reply nobody knows, a survey."""
    pdf = overview_pdf()
    async with portal(home) as client:
        for at in range(3):
            body = announcement(pdf, portal_reference=f"p-{at}")
            told = await client.post("/v1/submissions", json=body, headers={"Idempotency-Key": f"twin-{at}"})
            where = f"/v1/submissions/{told.json()['id']}"
            await client.put(f"{where}/attachments/0", content=pdf, headers={"Content-Type": "application/pdf"})
            done = await client.post(f"{where}/complete")
            if at == 0:
                home.work()
    known = known_case(home, 77_001)
    hand_in(home, known.xml("1120", reference=uuid4(), about=None))
    said(home, "survey", "read", survey_file(home))
    message = said(home, "deliveries", "list", "--state", "accepted")["rows"][0]["message_id"]
    ran(home, "deliveries", "hold", message, "--reason", "Rückfrage")
    return str(done.json()["case_number"])


def survey_file(home: Installation) -> Path:
    file = home.home / "umfrage.csv"
    file.write_bytes(survey_of_212())
    return file


def ran(home: Installation, *words: object) -> str:
    done = CliRunner().invoke(app, ["--state", str(home.settings.state), *map(str, words)])
    assert done.exit_code == 0, done.output
    return done.stdout


def said(home: Installation, *words: object) -> Any:
    return json.loads(ran(home, *words, "--json"))


def lasting(value: Any) -> Any:
    """Return a value without what changes by the second."""
    if isinstance(value, dict):
        return {name: lasting(one) for name, one in value.items() if name not in PASSING}
    return [lasting(one) for one in value] if isinstance(value, list) else value


TWINS = [
    ("/overview", ["overview"]),
    ("/map?view=trouble", ["map", "--view", "trouble"]),
    ("/deliveries", ["deliveries", "list"]),
    ("/deliveries?state=held&state=accepted", ["deliveries", "list", "--state", "held", "--state", "accepted"]),
    (f"/deliveries?authority={WARENDORF}&limit=2", ["deliveries", "list", "--authority", WARENDORF, "--limit", "2"]),
    ("/deliveries?q=kreis waren", ["deliveries", "list", "kreis", "waren"]),
    ("/deliveries?after=3", ["deliveries", "list", "--after", "3"]),
    ("/deliveries?cause=far-side-unreachable", ["deliveries", "list", "--cause", "far-side-unreachable"]),
    ("/deliveries/causes", ["deliveries", "causes"]),
    ("/certificates", ["certificates"]),
    ("/overdue", ["overdue"]),
    ("/report", ["report"]),
]


@pytest.mark.parametrize(("path", "words"), TWINS, ids=[path for path, _ in TWINS])
async def test_a_screen_and_its_command_say_the_same(desk: Desk, path: str, words: list[str]) -> None:
    home, client, _ = desk
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    assert lasting(said(home, *words)) == lasting(answer.json())


async def test_deliveries_are_found_by_umlauts_by_two_words_and_by_a_piece_of_their_number(desk: Desk) -> None:
    _, client, _ = desk

    async def found(q: str) -> list[tuple[str, str]]:
        rows = (await client.get("/deliveries", params={"q": q})).json()["rows"]
        return [(one["authority"], one["case_number"]) for one in rows]

    every = await found("")
    (name, number) = next(one for one in every if one[0] == WARENDORF)
    for words in (number[:12], number[8:12], number[8:].lower(), f"warendorf {number[8:12]}"):
        assert await found(words) == [(name, number)]
    assert await found(f"münster {number[8:12]}") == []
    assert await found("kreis waren") == [one for one in every if one[0] == WARENDORF]
    assert await found("KREIS wärendorf") == []
    assert (await client.get("/deliveries", params={"q": "münster"})).json() == (
        await client.get("/deliveries", params={"q": "muenster"})
    ).json()


async def test_the_list_of_surveys_is_the_same_and_comes_in_pages(desk: Desk) -> None:
    home, client, _ = desk
    whole = (await client.get("/survey")).json()["rows"]
    assert lasting(said(home, "survey", "list")) == lasting(whole)
    found, after = [], 0
    while after is not None:
        page = (await client.get(f"/survey?limit=1&after={after}")).json()
        found, after = found + page["rows"], page["next"]
        assert len(page["rows"]) <= 1
    assert found == whole
    state = whole[0]["state_label"]
    of = (await client.get("/survey", params={"q": f"stand:{state}"})).json()["rows"]
    assert of == [one for one in whole if one["state_label"] == state]
    assert said(home, "survey", "list", f"stand:{state}") == of


async def test_the_journal_is_filtered_where_it_is_whole(desk: Desk) -> None:
    home, client, _ = desk
    with home.world.store.reading() as tx:
        entries = list(tx.journal.read(newest_first=True))
    wanted = [one.number for one in entries if one.act.actor.startswith("portal:")]
    assert 2 < len(wanted) < len(entries)
    first = (await client.get("/journal", params={"q": "wer:portal", "limit": 2})).json()
    assert [one["number"] for one in first["rows"]] == wanted[:2]
    after = first["next"]
    rest = (await client.get("/journal", params={"q": "wer:portal", "after": after, "limit": 1000})).json()
    assert [one["number"] for one in rest["rows"]] == wanted[2:]
    others = (await client.get("/journal", params={"q": "!wer:portal", "limit": 1000})).json()["rows"]
    assert len(others) == len(entries) - len(wanted)
    assert (await client.get("/journal", params={"q": "gibtesnicht"})).json() == {"rows": [], "next": None}


async def test_the_commands_row_of_an_authority_has_all_that_the_screens_row_has(desk: Desk) -> None:
    home, client, _ = desk
    there = {row["key"]: lasting(row) for row in (await client.get("/authorities")).json()["rows"]}
    here = {row["key"]: lasting(row) for row in said(home, "authorities", "list")}
    assert here.keys() == there.keys()
    assert all(there[key].items() <= here[key].items() for key in there if not _unhashable(there[key], here[key]))
    detail = lasting((await client.get(f"/authorities/{WARENDORF}")).json())
    shown = lasting(said(home, "authorities", "show", WARENDORF))
    assert {name for name in detail if shown.get(name) != detail[name]} <= {"municipalities", "history"}


def _unhashable(there: dict[str, Any], here: dict[str, Any]) -> bool:
    assert {name: here[name] for name in there} == there
    return True


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["stufe:live"], {WARENDORF, MUENSTER}),
        (["option:1", "stufe:live,test", "!05515000"], {WARENDORF, AHLEN}),
        (["kreis:waf", "stufe:test"], {AHLEN}),
        (["xbau:2.5"], {MUENSTER}),
        (["zert:>300"], {WARENDORF, AHLEN, MUENSTER}),
        (["angehalten:>0"], {WARENDORF}),
        (["weg:file_drop", "--option", "1", "--phase", "test"], {AHLEN}),
    ],
)
async def test_the_authorities_filter_is_the_one_of_the_screen(desk: Desk, words: list[str], keys: set[str]) -> None:
    assert {row["key"] for row in said(desk[0], "authorities", "list", *words)} == keys


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["kreis:waf", "option:1"], {AHLEN, WARENDORF}),
        (["kreis:waf", "option:1", "!stufe:live"], {AHLEN}),
        (["weg:ablage", "xahlen"], set()),
        (["nachweise:>0", "option:1,2"], set()),
    ],
)
async def test_the_onboarding_filter_is_the_one_of_the_screen(desk: Desk, words: list[str], keys: set[str]) -> None:
    assert {row["key"] for row in said(desk[0], "onboarding", "list", *words)} == keys


async def test_lists_of_onboarding_replies_journal_and_trace_are_those_of_the_screens(desk: Desk) -> None:
    home, client, number = desk
    assert said(home, "onboarding", "list") == (await client.get("/onboarding")).json()["rows"]
    assert said(home, "onboarding", "show", AHLEN) == (await client.get(f"/authorities/{AHLEN}/onboarding")).json()
    (reply,) = said(home, "replies", "list")
    (there,) = (await client.get("/replies")).json()["rows"]
    assert {name: reply[name] for name in there} == there
    (case,) = said(home, "trace", number)
    (traced,) = (await client.get(f"/trace?q={number}")).json()
    assert lasting({name: case[name] for name in traced}) == lasting(traced)
    lines = ran(home, "journal", "show", "--limit", "5", "--json").splitlines()
    entries = (await client.get("/journal?limit=5")).json()["rows"]
    assert [json.loads(line)["digest"] for line in lines] == [one["digest"] for one in reversed(entries)]
    assert all(one.items() <= json.loads(line).items() for line, one in zip(reversed(lines), entries, strict=True))
    older = ran(home, "journal", "show", "--limit", "1", "--after", entries[-1]["number"], "--json")
    assert json.loads(older)["number"] == entries[-1]["number"] - 1


async def test_the_gateways_own_tls_key_and_keys_that_are_over_are_among_the_certificates(desk: Desk) -> None:
    home, _, _ = desk
    own = said(home, "certificates")["own"]
    assert {one["purpose"] for one in own} == {"sign", "wrap", "tls"}
    assert said(home, "certificates", "--authority", WARENDORF)["own"] == []
    assert "Verschlüsselung" in ran(home, "certificates", "--authority", WARENDORF)
    home.clock.pass_by(days=5000)
    from gateway.api.operator.records import certificates_of

    assert all(one["days"] < 0 for one in certificates_of(home.world)["own"])


async def test_words_narrow_the_command_as_the_filter_narrows_the_screen(desk: Desk) -> None:
    home, _, _ = desk
    every = said(home, "replies", "list")
    assert said(home, "replies", "list", "nr:1120", "!nirgendwo") == [one for one in every if one["number"] == "1120"]
    assert said(home, "replies", "list", "nirgendwo") == []
    assert [one["purpose"] for one in said(home, "certificates", "zweck:tls")["own"]] == ["tls"]
    assert said(home, "deliveries", "causes", "nirgendwo") == []
    lines = ran(home, "journal", "show", "wer:niemand", "--json")
    assert lines == ""


async def test_where_no_way_is_set_the_next_step_names_it(tmp_path: Path) -> None:
    with installation(tmp_path) as home, door(home) as opened:
        asked = await opened.client("lena", "verwalten").post(f"/authorities/{AHLEN}/onboarding/check")
        steps = {one["check"]: one["next_step"] for one in asked.json()["checks"]}
        assert steps["reachable"] == steps["certificate"] == "Bitte den Weg in der Teilnahme eintragen."
