"""One authority's checklist as lines: stage and next step, a line for each piece of evidence, the history."""

from __future__ import annotations

from datetime import datetime

from tui import signs
from tui.calls.onboarding import Check, Checklist
from tui.facts import who
from tui.formats import full, lately
from tui.plain import fit
from tui.tables import Cell
from tui.texts import Texts
from tui.widgets.sheet import Line

LABEL_ROOM = 25
NAME_ROOM = LABEL_ROOM + 8
"""Cells for sign and label, and for these with the time of the evidence beside them."""

DONE = ("approved", "live", "paused", "ended")
"""Stages behind the approval."""

LATEST = 12
"""Steps of the history that are shown."""


def top_lines(found: Checklist, texts: Texts) -> list[Line]:
    """Return the stage, how far it is to the end, and what to do next."""
    here = signs.stage(found.stage, texts)
    path = [
        here.text if stage == found.stage else texts.value("stage", stage)
        for stage in signs.STAGES
        if stage not in ("paused", "ended") or stage == found.stage
    ]
    lines = [Line(said=(Cell(" → ".join(path), here.tone),), indent=1)]
    if found.next_step:
        lines.append(
            Line(
                texts("checklist.next_label"),
                "accent",
                (Cell(found.next_step.replace("operator:", ""), "strong"),),
                indent=1,
            )
        )
    return lines


def check_lines(found: Checklist, texts: Texts, now: datetime) -> list[Line]:
    """Return a line for each check, one for the second person, and the history."""
    lines = [_check_line(check, texts, now) for check in found.checks]
    lines += [_approval_line(found, texts), Line()]
    if found.log:
        lines.append(Line(texts("checklist.log"), "accent", indent=1))
    for step in found.log[:LATEST]:
        said = Cell(f"{step.get('text', '')} ({who(str(step.get('actor', '')))})")
        lines.append(Line(full(str(step.get("at", ""))), "muted", (said,), indent=1, room=16))
    return lines


def _check_line(check: Check, texts: Texts, now: datetime) -> Line:
    sign, tone = {True: ("✓", "good"), False: ("✕", "bad"), None: ("·", "muted")}[check.holds]
    detail, step = check.detail, check.next_step
    if step and detail.endswith(step):
        detail = detail[: -len(step)].rstrip()
    said = [Cell(detail)] if detail else []
    if check.holds is None:
        said = [Cell(texts("checklist.open"), "muted")]
    elif step and not check.holds:
        said.append(Cell(f"→ {step}", "warn"))
    when = lately(check.at, now, texts) if check.at and check.holds is not None else ""
    return Line(f"{fit(f'{sign} {check.label}', LABEL_ROOM)} {when}", tone, tuple(said), indent=1)


def _approval_line(found: Checklist, texts: Texts) -> Line:
    name = texts("checklist.second")
    if found.approver:
        said = texts("checklist.second.done", proposer=who(found.proposer) or "–", approver=who(found.approver))
        return Line(f"✓ {name}", "good", (Cell(said),), indent=1)
    if found.stage in DONE:
        return Line(f"✓ {name}", "good", (Cell(texts("checklist.second.before")),), indent=1)
    if found.proposer:
        return Line(
            f"! {name}", "warn", (Cell(texts("checklist.second.waits", proposer=who(found.proposer))),), indent=1
        )
    open_checks = [check for check in found.checks if not check.holds]
    text = "checklist.second.open" if open_checks else "checklist.second.ready"
    return Line(f"· {name}", "muted", (Cell(texts(text), "muted"),), indent=1)
