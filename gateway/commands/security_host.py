"""`bauweiche doctor --security`, the machine: who may connect and read, what the kernel offers, what stays behind."""

from __future__ import annotations

import ctypes
import ipaddress
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gateway.commands.findings import Result
from gateway.domain.errors import ConfigurationError
from gateway.edges.sandbox import Lock, available
from gateway.edges.scanner import Clamd
from gateway.settings import Settings

_SHOWN = 5
_TIME_ERROR = 5
"""What adjtimex answers when nothing keeps the clock right."""


def look(settings: Settings) -> Iterator[Result]:
    """Yield what was found about this machine and the settings."""
    yield from _listening(settings)
    yield from _files(settings.state)
    yield _sandbox()
    yield _scanner(settings)
    yield _process()
    yield _swap(Path("/proc/swaps"))
    yield _disk(settings.state)
    yield _time()
    yield _addresses(settings)


def _listening(settings: Settings) -> Iterator[Result]:
    """The HTTP API speaks no TLS of its own: beyond loopback something in front of it must."""
    if is_loopback(settings.host):
        yield Result("ok", "HTTP-Schnittstelle", f"lauscht nur auf diesem Rechner ({settings.host}:{settings.port})")
    else:
        text = (
            f"lauscht auf {settings.host}:{settings.port} ohne TLS; davor gehört ein TLS-Endpunkt (docs/sicherheit.md)"
        )
        yield Result("fail" if settings.environment == "PROD" else "warn", "HTTP-Schnittstelle", text)
    if settings.mailbox_port is None:
        yield Result("ok", "XTA-Postfach", "aus")
    else:
        where = f"{settings.mailbox_host}:{settings.mailbox_port}"
        yield Result("ok", "XTA-Postfach", f"{where}, TLS ab 1.2 mit Client-Zertifikat")
    level = "ok" if settings.environment == "PROD" else "warn"
    yield Result(level, "Betriebsart", settings.environment)


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _files(state: Path) -> Iterator[Result]:
    """What lies in the state folder belongs to its owner alone."""
    seen, open_ones, foreign = 0, [], []
    for path in (state, *sorted(state.rglob("*"))):
        found = path.lstat()
        seen += 1
        if stat.S_ISLNK(found.st_mode):
            continue
        if found.st_mode & 0o077 and not _is_shielded(path, state):
            open_ones.append(f"{path.relative_to(state)} ({stat.S_IMODE(found.st_mode):o})")
        if found.st_uid != os.geteuid():
            foreign.append(str(path.relative_to(state)))
    yield _listed(
        "Dateirechte", f"{seen} Dateien und Ordner, nur für die Besitzerin lesbar", open_ones, "offen für andere"
    )
    yield _listed(
        "Besitz", "alles gehört dem Konto, unter dem das Gateway läuft", foreign, "gehört einem anderen Konto"
    )


def _is_shielded(path: Path, state: Path) -> bool:
    """Tell whether a folder above, up to the state folder, keeps others out anyway."""
    above = [folder for folder in path.parents if folder == state or state in folder.parents]
    return any(not stat.S_IMODE(folder.lstat().st_mode) & 0o077 for folder in above)


def _listed(what: str, fine: str, bad: list[str], words: str) -> Result:
    if not bad:
        return Result("ok", what, fine)
    more = f" und {len(bad) - _SHOWN} weitere" if len(bad) > _SHOWN else ""
    return Result("fail", what, f"{words}: {', '.join(bad[:_SHOWN])}{more}")


def _sandbox() -> Result:
    locks = available()
    if len(locks) == len(Lock):
        return Result("ok", "Prüfprozesse", "ohne Dateien, Netz und neue Prozesse (Landlock und seccomp)")
    if locks:
        return Result("warn", "Prüfprozesse", f"der Kernel bietet nur {', '.join(sorted(locks))}")
    return Result("fail", "Prüfprozesse", "der Kernel bietet weder Landlock noch seccomp; es bleiben Ressourcengrenzen")


def _scanner(settings: Settings) -> Result:
    if not settings.scanner:
        return Result("warn", "Virenscanner", "aus; geprüft wird jede PDF, aber nicht auf bekannte Schadsoftware")
    try:
        version = Clamd(settings.scanner).version()
    except ConfigurationError as error:
        return Result("fail", "Virenscanner", error.reason)
    if not version:
        return Result("fail", "Virenscanner", f"{settings.scanner} antwortet nicht; solange wird nichts angenommen")
    return Result("ok", "Virenscanner", version)


def _process() -> Result:
    if os.geteuid() == 0:
        return Result("warn", "Konto", "root; das Gateway braucht ein eigenes Konto ohne Rechte")
    return Result("ok", "Konto", f"eigenes Konto (UID {os.geteuid()})")


def _swap(table: Path) -> Result:
    """Memory that is swapped out may hold plaintext: the law of no plaintext at rest ends there."""
    try:
        areas = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return Result("warn", "Auslagerung", "nicht feststellbar; sie muss aus oder verschlüsselt sein")
    if areas:
        return Result(
            "warn", "Auslagerung", f"{len(areas)} Bereich an; er muss verschlüsselt sein oder abgeschaltet werden"
        )
    return Result("ok", "Auslagerung", "aus")


def _disk(state: Path) -> Result:
    """Only a device mapper under the state folder can be recognised; encryption below or above it cannot."""
    device = os.stat(state).st_dev  # noqa: PTH116  # Path.stat follows the same link
    mapped = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/dm/uuid")
    try:
        encrypted = mapped.read_text(encoding="ascii").startswith("CRYPT-")
    except OSError:
        encrypted = False
    if encrypted:
        return Result("ok", "Datenträger", "verschlüsselt (dm-crypt)")
    return Result(
        "warn", "Datenträger", "Verschlüsselung nicht feststellbar; ohne sie liegen Schlüssel und Metadaten im Klartext"
    )


def _time() -> Result:
    """Ask the kernel whether anything keeps the clock right (adjtimex with nothing to change)."""
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    if state < 0 or state == _TIME_ERROR:
        return Result("warn", "Zeitabgleich", "der Kernel meldet keinen; Fristen und Signaturzeiten hängen an der Uhr")
    return Result("ok", "Zeitabgleich", "aktiv")


def _addresses(settings: Settings) -> Result:
    hosts = settings.allow_hosts
    if not hosts:
        return Result("ok", "Ziele", "keine; das Gateway ruft niemanden auf")
    near = sorted(host for host in hosts if host.lower() == "localhost")
    level = "warn" if near and settings.environment == "PROD" else "ok"
    return Result(level, "Ziele", f"{len(hosts)} Rechner erlaubt: {', '.join(sorted(hosts)[:_SHOWN])}")
