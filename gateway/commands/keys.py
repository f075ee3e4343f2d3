"""`bauweiche keys …`: the gateway's own keys and the certificates of authorities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.commands.seat import USAGE, dumped, fail, opened, out, say, seat_of
from gateway.domain.calendar import written_date
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.edges.keyring import FolderKeyring
from gateway.edges.keys_issue import KeyPurpose
from gateway.ports import World

app = typer.Typer(
    name="keys",
    help="Schlüssel und Zertifikate des Gateways und der Behörden.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Purpose = Annotated[Literal["sign", "wrap", "tls"], typer.Argument(help="sign, wrap oder tls.")]
Name = Annotated[str, typer.Option(help="Name im Zertifikat.")]
Hosts = Annotated[list[str] | None, typer.Option("--host", help="Rechnername im TLS-Zertifikat, mehrfach möglich.")]
AsJson = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="Datei (PEM, DER oder PKCS#12).")
]


def _keyring(world: World) -> FolderKeyring:
    assert isinstance(world.keyring, FolderKeyring)
    return world.keyring


def _note(ctx: typer.Context, world: World, what: str, subject: str, **facts: object) -> None:
    with world.store.writing() as tx:
        tx.journal.append(Act(seat_of(ctx).actor, what, subject, facts=facts))


@app.command("list")
def list_keys(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Zeigt alle Schlüssel des Gateways mit Gültigkeit."""
    with opened(ctx) as world:
        held = _keyring(world).list()
    if as_json:
        out(dumped([_row(info) for info in held]))
        return
    for info in held:
        until = written_date(info.not_after.date()) if info.not_after else "ohne Zertifikat"
        out(f"{info.purpose:<5} {info.fingerprint[:16]}  bis {until}  {info.subject}\n")


def _row(info: object) -> dict[str, str]:
    names = ("purpose", "fingerprint", "subject", "not_before", "not_after")
    return {name: str(getattr(info, name)) for name in names}


@app.command("create")
def create(
    ctx: typer.Context, purpose: Purpose, name: Name = "Bauweiche", days: int = 730, hosts: Hosts = None
) -> None:
    """Erzeugt einen Schlüssel mit selbst ausgestelltem Zertifikat; ein vorhandener bleibt für Älteres gültig."""
    with opened(ctx, writing=True) as world:
        now = world.clock.now()
        info = _keyring(world).create(purpose, name=name, at=now, days=days, hosts=tuple(hosts or ()))
        _note(ctx, world, "key.created", purpose, fingerprint=info.fingerprint)
    out(info.fingerprint + "\n")


@app.command("rotate")
def rotate(
    ctx: typer.Context, purpose: Purpose, name: Name = "Bauweiche", days: int = 730, hosts: Hosts = None
) -> None:
    """Löst einen Schlüssel ab: der neue gilt ab jetzt, der alte öffnet und prüft Älteres weiter."""
    with opened(ctx, writing=True) as world:
        now = world.clock.now()
        info = _keyring(world).rotate(purpose, name=name, at=now, days=days, hosts=tuple(hosts or ()))
        _note(ctx, world, "key.rotated", purpose, fingerprint=info.fingerprint)
    out(info.fingerprint + "\n")


@app.command("csr")
def csr(ctx: typer.Context, purpose: Purpose, name: Name, hosts: Hosts = None) -> None:
    """Gibt einen Zertifikatsantrag (PEM) für Ihre Zertifizierungsstelle aus."""
    with opened(ctx, writing=True) as world:
        out(_keyring(world).csr(purpose, name=name, hosts=tuple(hosts or ())).decode("ascii"))
        _note(ctx, world, "key.requested", purpose)


@app.command("import")
def import_certificate(
    ctx: typer.Context,
    file: File,
    purpose: Annotated[
        KeyPurpose | None, typer.Option(help="Zweck, wenn eine PKCS#12-Datei den Schlüssel mitbringt.")
    ] = None,
    password: Annotated[bool, typer.Option("--password", help="Nach dem Passwort der Datei fragen.")] = False,
) -> None:
    """Nimmt ein ausgestelltes Zertifikat (zum CSR) oder eine PKCS#12-Datei auf."""
    secret = typer.prompt("Passwort", hide_input=True).encode() if password else None
    with opened(ctx, writing=True) as world:
        info = _keyring(world).import_certificate(
            file.read_bytes(), at=world.clock.now(), password=secret, purpose=purpose
        )
        _note(ctx, world, "key.imported", info.purpose, fingerprint=info.fingerprint)
    say(f"Aufgenommen: {info.purpose}, {info.subject}")


@app.command("export")
def export(ctx: typer.Context, purpose: Purpose) -> None:
    """Gibt das Zertifikat des Gateways (PEM) aus: sign prüft unsere Signatur, tls unsere Leitung."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from gateway.seal.keys import read_certificates

    with opened(ctx) as world:
        now = world.clock.now()
        if purpose == "sign":
            found = [world.keyring.signer(now).certificate]
        elif purpose == "wrap":
            found = [world.keyring.wrapping_certificate(now)]
        else:
            found = list(read_certificates(_keyring(world).tls_file(now).read_bytes()))
    out("".join(certificate.public_bytes(Encoding.PEM).decode("ascii") for certificate in found).rstrip())


@app.command("trust")
def trust_authority(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Schlüssel der Behörde, 8 Ziffern.")],
    file: File,
    purpose: Annotated[
        Literal["encrypt", "sign", "tls", "tls-anchor"],
        typer.Option(
            help="encrypt: wir verschlüsseln dafür; sign: damit unterschreibt sie; tls: damit meldet sie sich an."
        ),
    ] = "encrypt",
) -> None:
    """Hinterlegt das Zertifikat einer Behörde; mehrere dürfen sich überlappen."""
    from gateway.flow.cases import authority_of
    from gateway.flow.certificates import hold

    with opened(ctx, writing=True) as world:
        authority = authority_of(world, AuthorityKey(key))
        held = hold(world, authority.key, purpose, file.read_bytes(), seat_of(ctx).actor)
    for fingerprint in held:
        out(fingerprint + "\n")


@app.command("distrust")
def distrust_authority(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Schlüssel der Behörde, 8 Ziffern.")],
    fingerprint: Annotated[str, typer.Argument(help="Fingerabdruck aus „bauweiche certificates --json“ (SHA-256).")],
    reason: Annotated[str, typer.Option("--reason", help="Grund; er steht danach im Ereignisprotokoll.")],
) -> None:
    """Nimmt ein Zertifikat einer Behörde heraus, etwa ein widerrufenes; es zählt ab sofort nicht mehr."""
    from gateway.flow.cases import authority_of
    from gateway.flow.certificates import drop

    if not reason.strip():
        fail(USAGE, "Bitte einen Grund angeben.")
    with opened(ctx, writing=True) as world:
        drop(world, authority_of(world, AuthorityKey(key)).key, fingerprint.strip().lower(), seat_of(ctx).actor, reason)
    say("Herausgenommen.")
