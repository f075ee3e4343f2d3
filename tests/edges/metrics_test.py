"""Metrics say what stands where, name nobody, and the examples for alerts and dashboard use only what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.journeys.chain_test import hand_off
from tests.kit.installation import WARENDORF, installation, overview_pdf, portal

OPERATIONS = Path(__file__).parents[2] / "docs" / "betrieb"
LABELS = {"state", "level", "authority", "purpose", "why"}
NAMES = re.compile(r"bauweiche_[a-z_]+")


async def test_the_metrics_count_what_is_there_and_name_nobody(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            case = await hand_off(client, overview_pdf())
            installed.work()
            installed.clock.pass_by(days=10)
            got = await client.get("/metrics")
    assert got.status_code == 200
    assert got.headers["content-type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(got.text)}
    counted = {sample.labels["state"]: sample.value for sample in families["bauweiche_deliveries"].samples}
    assert counted["available"] == 1
    missed = {
        sample.labels["authority"]: sample.value for sample in families["bauweiche_pickup_missed_working_days"].samples
    }
    assert missed[WARENDORF] >= 5
    assert {label for family in families.values() for sample in family.samples for label in sample.labels} <= LABELS
    for canary in (
        case["case_number"],
        case["id"],
        case["message_id"],
        "Muster",
        "Erika",
        "portal",
        "Antragsübersicht",
    ):
        assert str(canary) not in got.text


async def test_metrics_are_there_even_when_every_key_of_ours_has_expired_and_say_so(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            installed.clock.pass_by(days=3 * 365)
            got = await client.get("/metrics")
    assert got.status_code == 200
    families = {family.name: family for family in text_string_to_metric_families(got.text)}
    left = {one.labels["purpose"]: one.value for one in families["bauweiche_own_certificate_seconds"].samples}
    assert left.keys() == {"sign", "wrap", "tls"}
    assert all(seconds < 0 for seconds in left.values())


async def test_alerts_and_dashboard_ask_only_for_metrics_that_there_are(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            text = (await client.get("/metrics")).text
    known = set(re.findall(r"# TYPE (bauweiche_[a-z_]+)", text))
    asked = set(NAMES.findall((OPERATIONS / "alerts.yml").read_text(encoding="utf-8")))
    panels = json.loads((OPERATIONS / "dashboard.json").read_text(encoding="utf-8"))["panels"]
    asked |= {name for panel in panels for target in panel["targets"] for name in NAMES.findall(target["expr"])}
    assert asked
    assert asked <= known
