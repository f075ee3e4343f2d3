"""Contacts and notes of an authority."""

from __future__ import annotations

from typing import Any

from tui.calls import authorities
from tui.client import Client
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import Conflict, Form, Values
from tui.forms import Field
from tui.page import Page
from tui.screens.authority.seen import Line, Seen

PARTS = ("role", "name", "email", "phone")


class Contacts:
    """The list of contacts while one of them is entered; after a conflict the entry is put into the new list."""

    def __init__(self, page: Page, client: Client, seen: Seen, chosen: Line | None) -> None:
        assert seen.detail is not None
        self.page, self.client, self.chosen = page, client, chosen
        self.detail = seen.detail

    async def save(self, values: Values) -> Any:
        """Keep the entry in the place of the chosen one, or at the end."""
        entry = {name: str(values.get(name, "")).strip() for name in PARTS}
        return await self.put([*self._others(), entry], str(values["reason"]))

    async def remove(self, reason: str) -> Any:
        """Keep the others only."""
        return await self.put(self._others(), reason)

    async def put(self, contacts: list[Line], reason: str) -> Any:
        """Replace the list over the state that was seen."""
        key, etag = self.detail.row.key, self.detail.etag
        return await authorities.set_contacts(self.client, key, contacts, reason, etag)

    async def conflict(self, values: Values) -> Conflict:
        """Take up the new list, and say what is in it now."""
        self.detail = await authorities.detail(self.client, self.detail.row.key)
        theirs = [f"· {one.get('role')}: {one.get('name')} {one.get('email')}" for one in self.detail.contacts]
        mine = [f"· {values.get('role')}: {values.get('name')} {values.get('email')}"]
        return Conflict(self.detail.row.title or self.detail.row.name, theirs, mine)

    def _others(self) -> list[Line]:
        return [
            {name: one.get(name, "") for name in PARTS}
            for one in self.detail.contacts
            if self.chosen is None or any(one.get(name) != self.chosen.get(name) for name in PARTS)
        ]


def contact_form(page: Page, client: Client, seen: Seen, chosen: Line | None) -> Form:
    """Return the form for a new contact, or for the chosen one."""
    texts = page.texts
    contacts = Contacts(page, client, seen, chosen)
    fields = [
        Field(
            name,
            texts(f"authority.contacts.col.{name}"),
            help=texts(f"authority.contacts.help.{name}"),
            required=name in ("role", "name"),
            pointer=f"/{name}",
        )
        for name in PARTS
    ]
    fields.append(Field("reason", texts("authority.reason"), help=texts("authority.help.reason"), required=True))
    title = texts("authority.form.contact", name=seen.row.title or seen.name)
    return Form(title, fields, dict(chosen or {}), contacts.save, conflict=contacts.conflict)


async def remove_contact(page: Page, client: Client, seen: Seen, chosen: Line) -> None:
    """Ask, then take a contact away."""
    texts = page.texts
    lines = [texts("authority.remove.contact", name=str(chosen.get("name", "")))]
    await page.app.push_screen_wait(
        Confirm(texts("authority.remove"), lines, act=Contacts(page, client, seen, chosen).remove)
    )


def note_form(page: Page, client: Client, seen: Seen) -> Form:
    """Return the form for a note."""
    texts = page.texts

    async def save(values: Values) -> bool:
        await authorities.add_note(client, seen.key, str(values["text"]).strip())
        return True

    fields = [Field("text", texts("authority.note"), "long", texts("authority.help.note"), required=True)]
    return Form(texts("authority.form.note", name=seen.row.title or seen.name), fields, {}, save)
