"""The lines that stand above everything about an authority."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from tui import signs
from tui.formats import day, full, lately
from tui.plain import plain
from tui.screens.authority.seen import Seen
from tui.texts import Texts


def facts(seen: Seen, texts: Texts, now: datetime) -> list[Text]:
    """Return three lines: who it is, how it takes part, what is going on."""
    row = seen.row
    kreis = row.kreis if row.kreis not in (row.title, row.name) else ""
    district = texts("authority.district", name=row.district) if row.district else ""
    who = [row.key, row.dvdv_key, row.kind_label, kreis, district]
    lines = [Text(" " + " · ".join(plain(part) for part in who if part))]
    if seen.detail is None:
        return [*lines, Text(f" {texts('shell.loading')}"), Text("")]
    stage = signs.stage("paused" if row.paused else row.stage, texts)
    how = [signs.option(row.option, texts).text, stage.text]
    if row.adapter:
        release = f"XBau {row.release}" if row.release else ""
        how += [signs.way(row.adapter, row.adapter_title, texts), release, texts.value("protection", row.protection)]
    second = Text(" ")
    second.append(plain(" · ".join(part for part in how if part)), "bold")
    return [*lines, second, Text(" " + " · ".join(_going_on(seen, texts, now)))]


def _going_on(seen: Seen, texts: Texts, now: datetime) -> list[str]:
    row = seen.row
    found = []
    if row.next_change:
        change = row.next_change
        found.append(texts("authorities.next", day=day(change.get("valid_from")), option=change.get("option", "")))
    if row.last_pickup:
        found.append(texts("authority.pickup", when=lately(row.last_pickup, now, texts)))
    found.append(texts("authority.open", n=row.open_items))
    if row.held:
        found.append(texts("authorities.held", n=row.held))
    if row.certificate_days is not None:
        left = row.certificate_days
        sign = "! " if 0 <= left < signs.SOON else ""
        found.append(sign + texts(f"authority.{'certificate_over' if left < 0 else 'certificate_days'}", n=abs(left)))
    if row.paused:
        found.insert(0, texts("authorities.paused", why=plain(row.paused_why) or "–"))
    elif seen.detail is not None and seen.detail.ways.get("open_until"):
        until = full(seen.detail.ways.get("open_until"))[-5:]
        found.insert(0, texts("authority.breaker", n=seen.detail.ways.get("failures", 0), until=until))
    count = len(seen.detail.municipalities) if seen.detail else 0
    if count > 1:
        found.append(texts("authority.municipalities", n=count))
    return found
