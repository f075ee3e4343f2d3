"""The screens one can go to; each is a module of this package with a page, a stylesheet and a section of texts."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from tui.page import Page


@dataclass(frozen=True, slots=True)
class Place:
    """A screen: its name is module, section of texts and mode; `key` opens it from everywhere (empty: palette only)."""

    name: str
    page: str
    key: str = ""


PLACES = (
    Place("overview", "OverviewPage", "1"),
    Place("authorities", "AuthoritiesPage", "2"),
    Place("map", "MapPage", "3"),
    Place("onboarding", "OnboardingPage", "4"),
    Place("survey", "SurveyPage", "5"),
    Place("deliveries", "DeliveriesPage", "6"),
    Place("replies", "RepliesPage", "7"),
    Place("certificates", "CertificatesPage", "8"),
    Place("journal", "JournalPage", "9"),
    Place("reports", "ReportsPage", "0"),
    Place("overdue", "OverduePage"),
    Place("rehearsal", "RehearsalPage"),
    Place("trace", "TracePage"),
)


def open_page(place: Place) -> Page:
    """Return a new page; its module is read when it is first needed, so the start stays short."""
    module = import_module(f"{__name__}.{place.name}")
    return cast("Page", getattr(module, place.page)())
