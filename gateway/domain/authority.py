"""Authorities, municipalities, and the editions that say who is responsible for which municipality from when on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby

from gateway.domain.ids import AuthorityKey, dvdv_key


class Kind(StrEnum):
    """What sort of lower building authority it is (BauO NRW 2018 § 57)."""

    KREIS = "kreis"
    STAEDTEREGION = "staedteregion"
    KREISFREIE_STADT = "kreisfreie_stadt"
    GROSSE_STADT = "grosse_kreisangehoerige_stadt"
    MITTLERE_STADT = "mittlere_kreisangehoerige_stadt"

    @property
    def label(self) -> str:
        """The German name as people read it."""
        return KIND_TITLES[self]

    @property
    def is_kreis(self) -> bool:
        """It acts for a whole Kreis, so its DVDV key has five digits."""
        return self in (Kind.KREIS, Kind.STAEDTEREGION)


KIND_TITLES: Mapping[Kind, str] = {
    Kind.KREIS: "Kreis",
    Kind.STAEDTEREGION: "Städteregion",
    Kind.KREISFREIE_STADT: "Kreisfreie Stadt",
    Kind.GROSSE_STADT: "Große kreisangehörige Stadt",
    Kind.MITTLERE_STADT: "Mittlere kreisangehörige Stadt",
}


@dataclass(frozen=True, slots=True)
class Authority:
    """A lower building authority as one edition knows it.

    `name` is short (`Ahlen`), `title` as in an address (`Stadt Ahlen`); `district` the Regierungsbezirk; `population`
    the people served; `lat`/`lon` degrees WGS 84; `confidence` (`high`, `medium`, `low`) and `note` mark doubtful rows.
    """

    key: AuthorityKey
    name: str
    title: str
    kind: Kind
    kreis_key: str
    kreis_name: str
    kreis_abbr: str
    district: str
    population: int
    lat: float
    lon: float
    confidence: str = "high"
    note: str = ""

    @property
    def dvdv_key(self) -> str:
        """The key under which the DVDV lists it: `bab:05315000` for a town, `bab:05570` for a Kreis."""
        return dvdv_key(self.key, self.kind.is_kreis)


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality, whoever is responsible for it; `ags` has 8 digits, `official_name` is `Ahlen, Stadt`."""

    ags: str
    name: str
    official_name: str
    kreis_key: str
    kreis_name: str
    population: int
    lat: float
    lon: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A Kreis or kreisfreie Stadt on the tile map; `col` and `row` count from 0 at the top left."""

    kreis_key: str
    abbr: str
    name: str
    col: int
    row: int


@dataclass(frozen=True, slots=True)
class Edition:
    """One state of the list of authorities: `jurisdiction` maps every AGS to the authority responsible for it.

    `valid_from` is the date that the sources name for this state, or None where it holds since ever; the date from
    which an installation follows it stands in its `EditionPlan`.
    """

    name: str
    valid_from: date | None
    authorities: Mapping[AuthorityKey, Authority]
    jurisdiction: Mapping[str, AuthorityKey]

    def municipalities_of(self, key: AuthorityKey) -> tuple[str, ...]:
        """Return the AGS of every municipality an authority is responsible for, in order."""
        return tuple(sorted(ags for ags, responsible in self.jurisdiction.items() if responsible == key))


@dataclass(frozen=True, slots=True)
class EditionPlan:
    """Which edition an installation follows from which date on; `steps` may come in any order."""

    steps: tuple[tuple[date, str], ...] = ()


DEFAULT_EDITION = "212"
"""The ministry's figure; followed before the first step of a plan."""


def edition_on(plan: EditionPlan, on: date) -> str:
    """Return the name of the edition that holds on a date."""
    begun = [step for step in plan.steps if step[0] <= on]
    return max(begun)[1] if begun else DEFAULT_EDITION


def with_step(plan: EditionPlan, name: str, valid_from: date) -> EditionPlan:
    """Return the plan with one more step; a step of the same date is replaced."""
    kept = {begin: edition for begin, edition in plan.steps if begin != valid_from}
    return EditionPlan(tuple(sorted({**kept, valid_from: name}.items())))


@dataclass(frozen=True, slots=True)
class Move:
    """Municipalities that one authority gives to another when an edition replaces another."""

    giver: AuthorityKey
    taker: AuthorityKey
    municipalities: tuple[str, ...]


def moves(old: Edition, new: Edition) -> tuple[Move, ...]:
    """Return who gives which municipalities to whom when `new` replaces `old`, in order of the keys."""
    changed: Iterable[tuple[AuthorityKey, AuthorityKey, str]] = sorted(
        (old.jurisdiction[ags], taker, ags)
        for ags, taker in new.jurisdiction.items()
        if ags in old.jurisdiction and old.jurisdiction[ags] != taker
    )
    return tuple(
        Move(giver, taker, tuple(ags for _, _, ags in group))
        for (giver, taker), group in groupby(changed, key=lambda change: change[:2])
    )
