"""Callers who are turned away are noted, and cannot flood the journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.flow.refusals import FULL, KNOWN, UNKNOWN, WINDOW, Refusals

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def noted(refusals: Refusals, fingerprint: str, why: str, at: datetime, *, known: bool = False) -> str | None:
    return refusals.note(fingerprint, why, known=known) if refusals.is_new(fingerprint, why, at) else None


def test_the_same_caller_is_noted_once_an_hour_for_the_same_reason() -> None:
    refusals = Refusals()
    assert noted(refusals, "aa", "abgelaufen", NOW) == "abgelaufen"
    assert noted(refusals, "aa", "abgelaufen", NOW + timedelta(minutes=59)) is None
    assert noted(refusals, "aa", "zu schwach", NOW + timedelta(minutes=59)) == "zu schwach"
    assert noted(refusals, "aa", "abgelaufen", NOW + WINDOW) == "abgelaufen"


def test_certificates_made_up_by_the_thousand_leave_sixty_entries_an_hour_and_the_last_says_so() -> None:
    refusals = Refusals()
    words = [noted(refusals, f"{number:x}", "unbekannt", NOW) for number in range(5_000)]
    entries = [one for one in words if one is not None]
    assert len(entries) == UNKNOWN
    assert entries[-1].endswith(FULL)
    assert not any(FULL in one for one in entries[:-1])


def test_strangers_do_not_use_up_the_share_of_an_authority_that_knocks_at_the_wrong_mailbox() -> None:
    refusals = Refusals()
    for number in range(5_000):
        noted(refusals, f"{number:x}", "unbekannt", NOW)
    assert noted(refusals, "aa", "fremdes Postfach", NOW, known=True) == "fremdes Postfach"


def test_one_authority_leaves_twenty_entries_an_hour_however_many_mailboxes_it_tries() -> None:
    refusals = Refusals()
    words = [noted(refusals, "aa", f"nicht für {number}", NOW, known=True) for number in range(500)]
    assert sum(one is not None for one in words) == KNOWN
    assert noted(refusals, "bb", "nicht für 1", NOW, known=True) == "nicht für 1"
