"""`bauweiche certificates`: every certificate by when it ends, as the console shows it."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.api.operator.sifting import Row
from gateway.commands.seat import dumped, opened, out
from gateway.commands.words import CERTIFICATE_FIELDS, Words, narrowed

PURPOSES = {"encrypt": "Verschlüsselung", "sign": "Signatur", "tls": "TLS", "tls-anchor": "Anker", "wrap": "Empfang"}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(certificates)


def certificates(
    ctx: typer.Context,
    words: Words = None,
    authority: Annotated[str, typer.Option(help="Nur diese Behörde (Schlüssel).")] = "",
    below: Annotated[int | None, typer.Option(metavar="TAGE", help="Nur solche, die früher enden.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Zeigt alle Zertifikate der Behörden und des Gateways; was zuerst endet, steht oben."""
    from gateway.api.operator.records import certificates_of

    with opened(ctx) as world:
        found = certificates_of(world)
    found = {
        name: [
            one for one in found[name]
            if (not authority or one["authority"] == authority) and (below is None or one["days"] < below)
        ]
        for name in ("rows", "own")
    }  # fmt: skip
    fitting = {
        str(one["fingerprint"])
        for one in narrowed(map(_labelled, (*found["rows"], *found["own"])), words, CERTIFICATE_FIELDS)
    }
    found = {name: [one for one in rows if one["fingerprint"] in fitting] for name, rows in found.items()}
    if as_json:
        out(dumped(found))
        return
    for one in sorted([*found["rows"], *found["own"]], key=lambda one: str(one["not_after"])):
        head = f"{one['not_after'][:10]}  {one['days']:>5} Tage  {PURPOSES.get(one['purpose'], one['purpose']):<15}"
        out(f"{head} {one['authority_name'][:28]:<28} {one['subject']}\n")


def _labelled(row: Row) -> Row:
    return {**row, "purpose_label": PURPOSES.get(row["purpose"], row["purpose"])}
