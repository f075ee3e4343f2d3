"""Finds the authority that a row means: by key, DVDV key, name, or a name that is nearly right. Never guesses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.authority import Authority, Edition, Municipality
from gateway.domain.ids import AuthorityKey
from gateway.survey.words import folded, likeness


class How(StrEnum):
    """By what an authority was recognised."""

    KEY = "AGS"
    DVDV = "DVDV-Schlüssel"
    NAME = "Name"
    SIMILAR = "ähnlicher Name"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The authority a row means, how it was found and how sure that is; without one `trouble` says why (German)."""

    authority: Authority | None
    how: How = How.NOTHING
    confidence: float = 0.0
    trouble: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Directory:
    """An edition prepared for looking up: names folded to their core, for towns and Kreise apart."""

    edition: Edition
    municipalities: Mapping[str, Municipality]
    towns: Mapping[str, tuple[AuthorityKey, ...]]
    kreise: Mapping[str, tuple[AuthorityKey, ...]]


_KREIS_WORDS = re.compile(
    r"\b(?:landrat|landraetin|landkreis|kreisverwaltung|kreis|kreises|staedteregion|staedteregionsrat)\b"
)
_TOWN_WORDS = re.compile(
    r"\b(?:stadtverwaltung|kreisstadt|hansestadt|bundesstadt|landeshauptstadt|kreisfreie stadt"
    r"|(?:grosse|mittlere) kreisangehoerige stadt|(?:ober)?buergermeister(?:in)?|gemeinde|stadt)\b"
)
_OFFICE_WORDS = re.compile(
    r"\b(?:untere|bauaufsichtsbehoerde|bauaufsicht|bauaufsichtsamt|bauordnungsamt|bauordnung|bauamt|amt fuer"
    r"|fachbereich|fachdienst|der|die|das|des|von|nrw)\b"
)
_KREIS_NAME = re.compile(r"\w*kreis(?:es)?\b")
_KEY_WITHIN = re.compile(r"(?<!\d)05\d{6}(?!\d)")
_NEAR = 0.86
_NAME_CHARACTERS = 120
_APART = 0.05


def directory(edition: Edition, municipalities: Mapping[str, Municipality]) -> Directory:
    """Return an edition prepared for looking up."""
    towns: dict[str, set[AuthorityKey]] = {}
    kreise: dict[str, set[AuthorityKey]] = {}
    for key, authority in edition.authorities.items():
        names = {authority.name, authority.title}
        if key in municipalities:
            names |= {municipalities[key].name, municipalities[key].official_name.split(",")[0]}
        names |= {re.sub(r"\(.*?\)", "", name) for name in names}
        for name in names:
            (kreise if authority.kind.is_kreis else towns).setdefault(_core(name), set()).add(key)
    return Directory(edition, municipalities, _sorted(towns), _sorted(kreise))


def find(known: Directory, key: str, dvdv: str, name: str) -> Match:
    """Return the authority that the cells of a row mean; a key counts more than a name, but they must not disagree."""
    by_key = _by_key(known, key) if key else None
    if by_key is None and dvdv:
        by_key = _by_dvdv(known, dvdv)
    if by_key is None and (within := _KEY_WITHIN.search(name)):
        by_key = _by_key(known, within.group())
        name = name.replace(within.group(), " ").strip(" ()-,;/")
    if by_key is None:
        return _by_name(known, name) if name else Match(None, trouble="Die Zeile nennt keine Behörde.")
    if by_key.authority is None or not name:
        return by_key
    return _agreeing(known, by_key, by_key.authority, name)


def digits_of_key(text: str) -> str:
    """Return the eight digits of a key as people and spreadsheets write it, or an empty text.

    Taken are `05570004`, `5570004`, `5570004.0`, `05 570 004`, the five digits of a Kreis (`05570`, `5570`) and the
    twelve digits of the regional key (ARS), each with or without the leading zero.
    """
    bare = re.sub(r"[.,]0+$", "", text.strip())
    digits = re.sub(r"[\s.]", "", bare)
    if not (digits.isascii() and digits.isdigit()):
        return ""
    digits = digits if digits.startswith("0") else f"0{digits}"
    if len(digits) == 12:
        return digits[:5] + digits[-3:]
    return {5: f"{digits}000", 8: digits}.get(len(digits), "")


def _by_key(known: Directory, text: str) -> Match:
    key = digits_of_key(text)
    if not key:
        return Match(None, trouble=f"„{text[:40]}“ ist kein Gemeinde- oder Kreisschlüssel.")
    authority = known.edition.authorities.get(AuthorityKey(key))
    if authority is not None:
        return Match(authority, How.KEY, 1.0)
    town = known.municipalities.get(key)
    if town is None:
        return Match(None, trouble=f"Den Schlüssel {key} gibt es in Nordrhein-Westfalen nicht.")
    return Match(None, trouble=_not_itself(known, town))


def _by_dvdv(known: Directory, text: str) -> Match:
    digits = text.strip().casefold().removeprefix("bab:")
    found = _by_key(known, digits)
    return Match(found.authority, How.DVDV, 1.0, found.trouble) if found.authority else found


def _not_itself(known: Directory, town: Municipality) -> str:
    responsible = known.edition.authorities[known.edition.jurisdiction[town.ags]]
    return f"{town.name} ist keine eigene Bauaufsichtsbehörde; zuständig ist {responsible.title}."


def _agreeing(known: Directory, match: Match, authority: Authority, name: str) -> Match:
    """Return the match by key, refused when the name clearly means another authority."""
    named = _by_name(known, name)
    if named.authority is None or named.authority.key == authority.key:
        own = max(likeness(_core(name), _core(other)) for other in (authority.name, authority.title))
        remark = (
            ""
            if named.authority or own >= _NEAR
            else f"Der Name „{name[:60]}“ wurde nicht erkannt; es zählt der Schlüssel."
        )
        return Match(authority, match.how, match.confidence if not remark else 0.9, remark=remark)
    if _core(authority.name) == _core(named.authority.name) and not _is_kreis(folded(name)):
        return match  # "Warendorf" beside the key of the Kreis: the key decides
    reason = f"Der Schlüssel gehört zu {authority.title}, der Name nennt {named.authority.title}."
    return Match(None, trouble=reason)


def _by_name(known: Directory, name: str) -> Match:
    words, core = folded(name[:_NAME_CHARACTERS]), _core(name)
    if _is_kreis(words):
        pools: list[Mapping[str, tuple[AuthorityKey, ...]]] = [known.kreise]
    elif _TOWN_WORDS.search(words):
        pools = [known.towns]
    else:
        pools = [known.towns, known.kreise]
    exact = [key for pool in pools for key in pool.get(core, ())]
    if len(exact) == 1:
        return Match(known.edition.authorities[exact[0]], How.NAME, 0.95)
    if exact:
        titles = " oder ".join(known.edition.authorities[key].title for key in exact)
        return Match(None, trouble=f"„{name[:60]}“ ist mehrdeutig: {titles}. Bitte den Schlüssel ergänzen.")
    town = next((town for town in known.municipalities.values() if _core(town.name) == core), None)
    if town is not None and not _is_kreis(words):
        return Match(None, trouble=_not_itself(known, town))
    return _similar(known, name, core, pools)


def _similar(known: Directory, name: str, core: str, pools: Sequence[Mapping[str, tuple[AuthorityKey, ...]]]) -> Match:
    best: dict[AuthorityKey, float] = {}
    for pool in pools:
        for other, keys in pool.items():
            score = likeness(core, other)
            for key in keys:
                best[key] = max(score, best.get(key, 0.0))
    ranked = sorted(((score, key) for key, score in best.items()), reverse=True)[:3]
    titles = [known.edition.authorities[key].title for score, key in ranked if score >= 0.6]
    if core and ranked and ranked[0][0] >= _NEAR and (len(ranked) < 2 or ranked[0][0] - ranked[1][0] >= _APART):
        authority = known.edition.authorities[ranked[0][1]]
        remark = f"„{name[:60]}“ wurde als {authority.title} gelesen; bitte prüfen."
        return Match(authority, How.SIMILAR, round(ranked[0][0] * 0.9, 2), remark=remark)
    hint = f" Ähnlich heißen: {', '.join(titles)}." if titles else ""
    return Match(None, trouble=f"Eine Bauaufsichtsbehörde „{name[:60]}“ ist nicht bekannt.{hint}")


def _is_kreis(words: str) -> bool:
    without_towns = re.sub(r"\b(?:kreisstadt|kreisfreie stadt)\b", " ", words)
    return bool(_KREIS_WORDS.search(without_towns) or _KREIS_NAME.search(without_towns))


def _core(name: str) -> str:
    """Return what distinguishes a name: `Ahlen, Stadt`, `Stadt Ahlen` and `Stadtverwaltung Ahlen` are all `ahlen`."""
    words = folded(name[:_NAME_CHARACTERS])
    for pattern in (_TOWN_WORDS, _KREIS_WORDS, _OFFICE_WORDS):
        words = pattern.sub(" ", words)
    return " ".join(words.split())


def _sorted(names: Mapping[str, Iterable[AuthorityKey]]) -> Mapping[str, tuple[AuthorityKey, ...]]:
    return {name: tuple(sorted(keys)) for name, keys in names.items()}
