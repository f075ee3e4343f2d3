"""A delivery by file drop carries the bytes that were sealed on arrival; nothing is enciphered a second time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from gateway.flow import dispatch
from gateway.flow.composing import MANIFEST, MESSAGE
from gateway.ports import Chance
from tests.journeys.chain_test import hand_off
from tests.kit.installation import WARENDORF, installation, overview_pdf, portal


@dataclass
class CountedChance:
    """Randomness that notes what was drawn: without a fresh nonce nothing can be enciphered."""

    real: Chance
    drawn: list[int] = field(default_factory=list)

    def uuid(self) -> UUID:
        return self.real.uuid()

    def octets(self, count: int) -> bytes:
        self.drawn.append(count)
        return self.real.octets(count)

    def fraction(self) -> float:
        return self.real.fraction()


async def test_a_delivery_by_file_drop_enciphers_no_byte_twice(tmp_path: Path) -> None:
    files = (overview_pdf(), overview_pdf(300_000), overview_pdf(70_000))
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            case = await hand_off(client, *files)
        counted = CountedChance(installed.world.chance)
        world = replace(installed.world, chance=counted)
        with world.store.reading() as tx:
            small = {name: tx.cases.get_sealed(str(case["id"]), name) for name in (MESSAGE, MANIFEST)}
        stored = {path.name: path.read_bytes() for path in (tmp_path / "state" / "vault").rglob("part-*.bin")}

        for delivery in dispatch.claim(world, "counting", 1):
            dispatch.dispatch(world, delivery)

        dropped = installed.inboxes[WARENDORF] / str(case["message_id"])
        delivered = {path.name: path.read_bytes() for path in dropped.iterdir()}
        assert delivered.pop("envelope.xml")
        assert len(stored) == len(files)
        assert delivered == stored | small
        assert counted.drawn == []
