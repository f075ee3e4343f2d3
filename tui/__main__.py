"""Starts the console: against a server, or in this process on a state folder of this machine.

This is the one place of the console that imports the gateway itself (`gateway.local`); it hands the application
in, and everything else speaks HTTP with it.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tui.client import ApiError, Client
from tui.screens import PLACES
from tui.texts import LANGUAGES, Texts, load

USAGE, UNREACHABLE = 2, 5
COLOURS = {"dunkel": "bauweiche-dunkel", "hell": "bauweiche-hell", "ansi": "bauweiche-ansi"}
MANY_OBJECTS = 50_000
"""New objects until the next look for garbage: what a start imports stays, and looking through it costs a tenth."""

NO_SCREEN = (
    "Die Konsole braucht ein Terminal. Für Skripte und Vorlesegeräte gibt es jede Ansicht als Befehl, "
    "zum Beispiel: bauweiche authorities list"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the console until it is left; returns the exit code."""
    given = _parser().parse_args(arguments)
    # Textual draws on stderr, so all three must be the terminal.
    there = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    if not there or os.environ.get("TERM", "") in ("", "dumb"):
        return _refuse(NO_SCREEN)
    texts = load(given.lang)
    if given.url and not given.url.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
        return _refuse("Die Adresse muss mit https:// beginnen; ohne Verschlüsselung nur auf diesem Rechner.")
    if given.url and not given.token_file:
        return _refuse("Zu --url gehört --token-file mit dem Zugangstoken der Person.")
    gc.set_threshold(MANY_OBJECTS)
    connect = _server(given, texts) if given.url else _here(given, texts)

    from tui.app import Console, Setting

    setting = Setting(
        connect=connect,
        texts=texts,
        clock=_now,
        read_only=given.read_only,
        has_token=bool(given.url),
        theme=COLOURS[given.colours],
        first=given.screen,
    )
    console = Console(setting)
    console.run()
    return console.return_code or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("bauweiche tui", description="Die Konsole der Betreiberinnen und Betreiber.")
    parser.add_argument("--url", help="Adresse des Gateways; ohne sie wird der Ordner dieses Rechners geöffnet.")
    parser.add_argument("--token-file", type=Path, help="Datei mit dem eigenen Zugangstoken (bo_…).")
    parser.add_argument("--ca-file", type=Path, help="Wurzelzertifikat des Gateways, wenn es nicht öffentlich ist.")
    parser.add_argument("--local", type=Path, default=Path("state"), help="Ordner der Einrichtung.")
    parser.add_argument("--read-only", action="store_true", help="Nichts ändern.")
    parser.add_argument("--lang", choices=LANGUAGES, default="de", help="Sprache.")
    parser.add_argument("--colours", choices=COLOURS, default="dunkel", help="Farben.")
    parser.add_argument("--screen", choices=[place.name for place in PLACES], default=PLACES[0].name)
    return parser


def _server(given: argparse.Namespace, texts: Texts) -> Callable[[], Client]:
    def token() -> str:
        try:
            return str(given.token_file.read_text(encoding="utf-8").strip())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ApiError(texts("errors.file", name=str(given.token_file), reason=reason)) from error

    def connect() -> Client:
        import ssl

        try:
            trust = ssl.create_default_context(cafile=str(given.ca_file) if given.ca_file else None)
        except OSError as error:
            raise ApiError(texts("errors.file", name=str(given.ca_file), reason=error.strerror or "")) from error
        return Client(httpx.AsyncClient(base_url=given.url, verify=trust), texts, token, given.read_only)

    return connect


def _here(given: argparse.Namespace, texts: Texts) -> Callable[[], Client]:
    def connect() -> Client:
        from gateway.domain.errors import GatewayError
        from gateway.local import local_app

        try:
            app, close = local_app(given.local, read_only=given.read_only)
        except GatewayError as error:
            raise ApiError(error.reason, hint=error.hint) from error
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://bauweiche")
        return Client(http, texts, read_only=given.read_only, closing=close)

    return connect


def _now() -> datetime:
    return datetime.now(UTC)


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201  # there is no screen to say it on
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
