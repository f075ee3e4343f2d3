"""Certificates of an authority: taken from a file after a look at it, or forgotten."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256

from tui import signs
from tui.calls import authorities
from tui.certificate_file import Found, Unreadable, overlap_days, read_certificate
from tui.client import ApiError, Client
from tui.dialogs.confirm import Confirm
from tui.dialogs.form import Form, FormWindow, Values
from tui.dialogs.reading import Reading
from tui.formats import full, moment
from tui.forms import Field
from tui.page import Page
from tui.plain import plain
from tui.screens.authority.seen import Line, Seen
from tui.texts import Texts

MAILBOX = "xta_mailbox"
"""The way on which an authority shows a certificate of its own to come in."""

PURPOSES = ("encrypt", "sign", "tls", "tls-anchor")


async def take(page: Page, client: Client, seen: Seen) -> None:
    """Ask for a file, show what is in it, hand the certificate in."""
    texts = page.texts

    typed: Values = {"purpose": "tls" if seen.current().get("adapter") == MAILBOX else PURPOSES[0]}

    async def save(values: Values) -> Found:
        typed.update(values)
        return _read(str(values["path"]), str(values["password"]), texts)

    purposes = tuple((one, texts.value("purpose", one)) for one in PURPOSES)
    fields = [
        Field(
            "path", texts("authority.certificate.path"), "file", texts("authority.certificate.help.path"), required=True
        ),
        Field(
            "purpose",
            texts("authority.certificates.col.purpose"),
            "choice",
            texts("authority.certificate.help.purpose"),
            purposes,
            required=True,
        ),
        Field(
            "password", texts("authority.certificate.password"), "secret", texts("authority.certificate.help.password")
        ),
    ]
    title = texts("authority.form.certificate", name=seen.row.title or seen.name)
    while found := await page.app.push_screen_wait(FormWindow(Form(title, fields, typed, save), texts)):
        if await _confirmed(page, client, seen, str(typed["purpose"]), found):
            page.say(texts("authority.certificate.imported"))
            return


async def _confirmed(page: Page, client: Client, seen: Seen, purpose: str, found: Found) -> bool:
    """Show what is in the file and hand it in; False leads back to the form."""
    texts = page.texts

    def add(reason: str) -> Awaitable[Any]:
        return authorities.add_certificate(client, seen.key, purpose, found.pem, reason)

    title = texts("authority.certificate.take", purpose=texts.value("purpose", purpose))
    reason = await page.app.push_screen_wait(Confirm(title, preview(found, purpose, seen, texts), act=add))
    return reason is not None


def window(held: Line, texts: Texts) -> Reading:
    """Return the window in which everything about a certificate that is held is read."""
    names = ("purpose", "subject", "issuer", "not_before", "not_after", "days", "algorithm", "fingerprint")
    values = {
        "purpose": texts.value("purpose", str(held.get("purpose", ""))),
        "not_before": full(held.get("not_before")),
        "not_after": full(held.get("not_after")),
        "days": signs.days(held.get("days"), texts).text,
    }
    lines = [
        (texts(f"authority.certificates.col.{name}"), values.get(name) or str(held.get(name) or "–")) for name in names
    ]
    return Reading(str(held.get("subject", "")), [("", lines)], texts("dialogs.hint_read"))


async def forget(page: Page, client: Client, seen: Seen, chosen: Line) -> None:
    """Ask, then forget a certificate."""
    texts = page.texts
    lines = [str(chosen.get("subject", "")), str(chosen.get("fingerprint", "")), texts("authority.remove.certificate")]

    def remove(reason: str) -> Awaitable[Any]:
        return authorities.remove_certificate(client, seen.key, str(chosen.get("fingerprint", "")), reason)

    await page.app.push_screen_wait(Confirm(texts("authority.remove"), lines, act=remove))


def preview(found: Found, purpose: str, seen: Seen, texts: Texts) -> list[str]:
    """Return what a person should see before a certificate is taken: whose, how long, chain, overlap."""
    leaf = found.leaf
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    lines = [
        texts("authority.certificate.subject", name=plain(leaf.subject.rfc4514_string())),
        texts("authority.certificate.issuer", name=plain(leaf.issuer.rfc4514_string())),
        texts("authority.certificate.valid", begin=f"{begin:%d.%m.%Y}", end=f"{end:%d.%m.%Y}"),
        texts(f"authority.certificate.chain.{_chain(found)}", n=len(found.chain)),
    ]
    held = seen.detail.certificates if seen.detail else []
    same = found.leaf.fingerprint(SHA256()).hex()
    if any(one.get("purpose") == purpose and str(one.get("fingerprint")) == same for one in held):
        return [*lines, texts("authority.certificate.same")]
    ends = [last for one in held if one.get("purpose") == purpose and (last := moment(one.get("not_after")))]
    days = overlap_days(found, ends)
    if days is not None:
        lines.append(texts(f"authority.certificate.{'overlap' if days >= 0 else 'gap'}", n=abs(days)))
    if found.had_key:
        lines.append(texts("authority.certificate.key"))
    return lines


def _chain(found: Found) -> str:
    if found.leaf.subject == found.leaf.issuer and not found.chain:
        return "self"
    return "whole" if found.complete else "open"


def _read(path: str, password: str, texts: Texts) -> Found:
    try:
        return read_certificate(Path(path).expanduser(), password)
    except Unreadable as error:
        raise ApiError(texts(f"authority.certificate.{error.args[0]}")) from error
    except (OSError, ValueError) as error:
        reason = plain(getattr(error, "strerror", None) or error)
        raise ApiError(texts("errors.file", name=plain(path), reason=reason)) from error
