"""What the virus scanner did leaves an entry: a find, and that it could not look (law 10)."""

from __future__ import annotations

from gateway.domain import codes
from gateway.domain.case import Part
from gateway.domain.errors import GatewayError
from gateway.domain.journal import Act
from gateway.ports import World

_WORDS = {
    codes.MALWARE_FOUND.name: "attachment.malware",
    codes.SCANNER_UNAVAILABLE.name: "attachment.unscanned",
}


def note(world: World, client: str, part: Part, error: GatewayError, number: str = "") -> None:
    """Journal why a file was turned away if the scanner was the reason; `number` names the case if it is kept.

    The same thing twice running stands once.
    """
    what = _WORDS.get(error.code.name)
    if what is None:
        return
    act = Act(f"portal:{client}", what, number, error.reason, {"part": part.name})
    with world.store.writing() as tx:
        last = next(iter(tx.journal.read(limit=1, subject=number, newest_first=True)), None)
        if last is None or (last.act.what, last.act.why, dict(last.act.facts)) != (what, act.why, dict(act.facts)):
            tx.journal.append(act)
