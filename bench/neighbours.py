"""Benches that bring home results of their own shape, told as figures."""

from __future__ import annotations

from bench import compose, mailbox
from bench.figures import Figure
from gateway.domain.procedure import Procedure
from gateway.xbau.compose import parse_antrag
from gateway.xbau.release import RELEASES
from tests.kit.xbau_samples import sample_antrag, sample_heading


def composing(quick: bool) -> list[Figure]:
    """Measure composing and validating one message per release."""
    antrag, heading = parse_antrag(Procedure.BUILDING_PERMIT, sample_antrag()), sample_heading()
    chosen = [RELEASES["2.6"]] if quick else list(RELEASES.values())
    found = [compose.measured(antrag, heading, release) for release in chosen]
    return [
        figure
        for one in found
        for figure in (
            Figure(f"nachricht.{one.release}", "0200 bauen und prüfen", "ms", (one.ours,), most=compose.PROMISED),
            Figure(f"nachricht.{one.release}.boden", "dieselbe mit lxml von Hand", "ms", (one.floor,)),
        )
    ]  # fmt: skip


def fetching(quick: bool) -> list[Figure]:
    """Measure the XTA mailbox with 250 MB each way."""
    found = mailbox.run(1 if quick else mailbox.ROUNDS)
    return [
        Figure("postfach.abholen", "250 MB aus dem Postfach, mit TLS", "MB/s", (found.download / 1e6,)),
        Figure("postfach.verhaeltnis", "gegen eine Datei dieser Größe", "", (found.ratio,), least=0.6),
        Figure("postfach.arbeit", "dasselbe in Prozessorzeit des Servers", "", (found.cpu_ratio,), least=0.6),
        Figure("postfach.senden", "250 MB in das Postfach, mit TLS", "MB/s", (found.upload / 1e6,)),
        Figure("postfach.speicher", "Spitze des Servers", "MB", (found.memory_peak / 1e6,)),
    ]  # fmt: skip
