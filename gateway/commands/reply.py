"""`bauweiche reply`: an authority without software of its own answers an opened message; no database, no server."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.commands.reply_folder import PLAIN_FILE, Sealing, put_down, sealed_files
from gateway.commands.seat import FAILURE, USAGE, fail, out, say
from gateway.domain import codes
from gateway.domain.errors import GatewayError, SealError, SubmissionError
from gateway.domain.ids import MessageId
from gateway.domain.message import Heading, Stamp
from gateway.seal.keys import SigningKey, read_certificates, read_private_key
from gateway.xbau.authority import REPLIES, MessageRef, compose_reply
from gateway.xbau.detect import detect
from gateway.xbau.release import Release
from gateway.xbau.replies.header import Header, read_header
from gateway.xbau.replies.walk import Faults, below, uuid_in
from gateway.xmlguard import safe_parse

BARE = ("referenzAntragsservice", "referenzAnzeigeservice", "referenz")


@dataclass(frozen=True, slots=True)
class Answered:
    """The message that is answered."""

    release: Release
    header: Header
    reference: UUID
    test: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What the reply says beyond its number."""

    text: tuple[str, ...]
    file_reference: str | None
    accepted: bool | None
    status: str | None


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("reply")(reply)


def reply(
    opened: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Ordner aus „bauweiche open“.")],
    number: Annotated[str, typer.Option(help=f"Nachricht: {', '.join(REPLIES)}.")],
    to: Annotated[Path, typer.Option(file_okay=False, help="Der Unterordner rueckweg/ Ihres Ablageordners.")],
    text: Annotated[list[str] | None, typer.Option(help="Ein Absatz Text (mehrfach möglich).")] = None,
    file_reference: Annotated[str | None, typer.Option(help="Ihr Aktenzeichen (nötig für 1121).")] = None,
    accepted: Annotated[
        bool | None, typer.Option("--accepted/--refused", help="Nur 1131: Rücknahme angenommen?")
    ] = None,
    status: Annotated[str | None, typer.Option(help="Nur 1170: Schlüssel der Liste statusbauportal.")] = None,
    key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Ihr Signaturschlüssel mit Zertifikat (EC).")
    ] = None,
    gateway: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Verschlüsselungszertifikat des Gateways (PEM).")
    ] = None,
    password: Annotated[bool, typer.Option("--password", help="Nach dem Passwort des Schlüssels fragen.")] = False,
) -> None:
    """Verfasst eine Antwort, signiert und verschlüsselt sie (mit --key und --gateway) und legt sie in den Rückweg."""
    if (key is None) != (gateway is None):
        fail(
            USAGE, "Zum Signieren gehören --key und --gateway zusammen; ohne beide geht die Antwort unsigniert hinaus."
        )
    secret = typer.prompt("Passwort", hide_input=True, err=True).encode() if password else None
    said = Said(tuple(text or ()), file_reference, accepted, status)
    try:
        files, message_id = _files(opened, number, said, _sealing(key, gateway, secret))
        folder = put_down(to, message_id, files)
    except GatewayError as error:
        fail(FAILURE, f"{error.reason}\n{error.hint}".strip())
    except OSError as error:
        fail(USAGE, f"{error.filename}: {error.strerror}.")
    say(f"Antwort {number} liegt bereit; das Gateway holt sie von dort.")
    out(f"{folder}\n")


def _files(opened: Path, number: str, said: Said, sealing: Sealing | None) -> tuple[Mapping[str, bytes], str]:
    about = read_answered((opened / "xbau.xml").read_bytes())
    now = datetime.now(UTC).replace(microsecond=0)
    heading = Heading(
        stamp=Stamp(MessageId(str(uuid4())), now),
        addressee=about.header.sender,
        sender=about.header.addressee,
        reference=about.reference,
        test=about.test,
        file_reference=said.file_reference,
    )
    message = compose_reply(
        number,
        heading,
        about.release,
        information=said.text,
        accepted=said.accepted,
        status=said.status,
        about=MessageRef(about.header.message_id, about.header.number, about.header.created_at),
    )
    message_id = heading.stamp.message_id
    if sealing is None:
        return {PLAIN_FILE: message}, message_id
    return sealed_files(message, heading, about.release.name, sealing, datetime.now(UTC)), message_id


def read_answered(message: bytes) -> Answered:
    """Return what an answer to a message needs of it.

    Raises:
        SubmissionError: it is no XBau message, or it lacks its header or its reference.
    """
    root = safe_parse(message)
    identity = detect(root)
    faults = Faults()
    header = read_header(root, identity.number, faults)
    written = [(element.text or "") for name in BARE for element in below(root, name) if len(element) == 0]
    reference = next((found for text in written if (found := uuid_in(text)) is not None), None)
    if header is None or reference is None:
        raise SubmissionError(
            codes.SCHEMA_INVALID, "Die geöffnete Nachricht hat keinen Kopf oder keine Referenz.", faults=faults.found
        )
    return Answered(identity.release, header, reference, root.get("test"))


def _sealing(key: Path | None, gateway: Path | None, password: bytes | None) -> Sealing | None:
    if key is None or gateway is None:
        return None
    entry = read_private_key(key.read_bytes(), password)
    if not isinstance(entry.key, ec.EllipticCurvePrivateKey) or entry.certificate is None:
        raise SealError(codes.CERTIFICATE_WRONG, "Zum Signieren wird ein EC-Schlüssel mit seinem Zertifikat gebraucht.")
    signer = SigningKey(entry.key, entry.certificate, entry.chain)
    return Sealing(signer, read_certificates(gateway.read_bytes())[0], secrets.token_bytes)
