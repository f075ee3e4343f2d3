"""Finds authorities by what a person types, and gives keys their names."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date

from gateway.commands.authority_sheets import Row
from gateway.commands.seat import NOT_FOUND, fail
from gateway.domain.authority import Authority, edition_on
from gateway.ports import Transaction, World
from gateway.routing import authority_of


def rows_of(world: World, tx: Transaction, day: date) -> Iterator[Row]:
    """Yield every authority of the edition of a day with how it takes part."""
    held = tx.registry.all_in_force(day)
    edition = world.directory.editions[edition_on(tx.registry.edition_plan(), day)]
    return (Row(authority, held.get(key)) for key, authority in edition.authorities.items())


def find(world: World, tx: Transaction, text: str, day: date) -> Authority:
    """Return the authority that a key, a DVDV key or a name means; ends with 3 and the nearest names otherwise."""
    plan = tx.registry.edition_plan()
    known = {key: each for edition in world.directory.editions.values() for key, each in edition.authorities.items()}
    wanted = text.strip().casefold()
    for key, each in known.items():
        if wanted in (key, each.dvdv_key, each.name.casefold(), each.title.casefold()):
            return authority_of(plan, world.directory.editions, key, day)
    names = {name.casefold(): name for each in known.values() for name in (each.name, each.title)}
    near = [names[name] for name in difflib.get_close_matches(wanted[:100], names, 3, 0.6)]
    hint = f" Gemeint ist vielleicht: {', '.join(near)}." if near else ""
    return fail(NOT_FOUND, f"Eine Bauaufsichtsbehörde „{text[:100]}“ gibt es nicht.{hint}")


def names_of(world: World) -> dict[str, str]:
    """Return the titles of all authorities and the names of all municipalities by their keys."""
    names = {ags: town.name for ags, town in world.directory.municipalities.items()}
    for edition in world.directory.editions.values():
        names.update({key: authority.title for key, authority in edition.authorities.items()})
    return names
