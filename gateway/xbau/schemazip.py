"""Taking in official schema ZIPs that an operator hands over: nothing leaves the target folder, nothing explodes."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.xbau.official import compile_set, release_of

ENTRIES = 2000
FILE_BYTES = 8_000_000
TOTAL_BYTES = 80_000_000
MARK = "xbau-baukasten.xsd"
"""Every set of every release has this file, and its target namespace names the release."""


def import_zip(archive: Path, target: Path) -> list[str]:
    """Install every official schema set found in `archive` as `<target>/<release>/xsd_dev`, and return the releases.

    A set is compiled before it is put in place, and put in place by one rename; a set of the same release is replaced.
    Raises: SubmissionError if the archive is unsafe or unreadable or holds no set that can be used.
    """
    sets = _sets(_members(archive))
    if not sets:
        raise _refused("Das ZIP enthält keinen amtlichen XBau-Schemasatz (xsd_dev).")
    for release_name, files in sets.items():
        _prove(files, release_name)
    for release_name, files in sets.items():
        _place(files, target / release_name)
    return sorted(sets)


def _members(archive: Path) -> dict[PurePosixPath, bytes]:
    """Return the schema files of the archive by path, refusing what is too large, too many or not a plain file."""
    found: dict[PurePosixPath, bytes] = {}
    room = TOTAL_BYTES
    try:
        with zipfile.ZipFile(archive) as opened:
            if len(opened.infolist()) > ENTRIES:
                raise _refused(f"Das ZIP hat mehr als {ENTRIES} Einträge.")
            for entry in opened.infolist():
                path = _harmless(entry)
                if path.suffix.lower() != ".xsd":
                    continue
                with opened.open(entry) as stream:
                    data = stream.read(FILE_BYTES + 1)  # what is really there counts, not what the directory claims
                room -= len(data)
                if len(data) > FILE_BYTES or room < 0:
                    raise _refused("Das ZIP ist entpackt größer als erlaubt.")
                found[path] = data
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError) as error:
        raise _refused(f"Das ZIP ist nicht lesbar: {error}") from error
    return found


def _harmless(entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(entry.filename)
    kind = entry.external_attr >> 28  # the Unix file type, 0 where the archive was made elsewhere
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename:
        raise _refused(f"Das ZIP enthält einen unzulässigen Pfad: {entry.filename!r}.")
    if kind not in (0, 0o04, 0o10):
        raise _refused(f"Das ZIP enthält einen Eintrag, der keine Datei ist: {entry.filename!r}.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(f"Das ZIP ist auf unübliche Art gepackt: {entry.filename!r}.")
    return path


def _sets(members: dict[PurePosixPath, bytes]) -> dict[str, dict[str, bytes]]:
    """Return the files of each release found, by file name; of several sets of one release the local one is taken."""
    sets: dict[str, dict[str, bytes]] = {}
    for mark in sorted(members, key=lambda path: path.parent.name == "xsd_dev"):
        if mark.name != MARK:
            continue
        release_name = release_of(_root(members[mark]).get("targetNamespace") or "")
        if release_name is not None:
            sets[release_name] = {path.name: data for path, data in members.items() if path.parent == mark.parent}
    return sets


def _root(data: bytes) -> etree._Element:
    """Return the root of a schema file; official ones carry processing instructions, but none has a DOCTYPE."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _refused(f"Eine Schemadatei im ZIP ist nicht lesbar: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise _refused("Eine Schemadatei im ZIP enthält eine Dokumenttyp-Angabe (DOCTYPE).")
    return root


def _prove(files: dict[str, bytes], release_name: str) -> None:
    """Refuse a set that does not compile, or that lets an empty application through (the Schatten-XSD do)."""
    space = f"http://www.xleitstelle.de/xbau/{release_name.replace('.', '/')}"
    empty = etree.Element(f"{{{space}}}baugenehmigung.antrag.0200", produkt="-", produkthersteller="-")
    empty.attrib.update({"standard": "XBau-Hochbau", "version": release_name})
    for data in files.values():
        _root(data)  # before libxml2 compiles them, which would expand entities
    if compile_set(files, release_name).validate(empty):
        raise _refused(f"Der Schemasatz {release_name} ist nicht der amtliche: er verlangt nichts.")


def _place(files: dict[str, bytes], place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".neu-", dir=place))
    for name, data in files.items():
        (fresh / name).write_bytes(data)
    fresh.chmod(0o755)
    current, old = place / "xsd_dev", place / f"{fresh.name}-alt"
    if current.exists():
        current.rename(old)
    fresh.rename(current)
    if old.exists():
        shutil.rmtree(old)


def _refused(reason: str) -> SubmissionError:
    return SubmissionError(codes.FIELD_INVALID, reason, "Nehmen Sie das unveränderte ZIP der XLeitstelle.")
