"""The official XBau schemas, if an operator has installed them: compiled from local files only, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.xbau.release import RELEASES
from gateway.xmlguard import compiled

XS = "http://www.w3.org/2001/XMLSchema"
XBAU = "http://www.xleitstelle.de/xbau/"
GML = ("gmlProfilexplan.xsd", "xlink.xsd", "xml.xsd")
DRIVER = "bauweiche-driver.xsd"
KERNEL_DRIVER = "bauweiche-kernel-driver.xsd"


def official_schema(folder: Path, release_name: str) -> etree.XMLSchema:
    """Return the compiled official schema of a release from `<folder>/<release>/xsd_dev`; compiled once per folder.

    Raises: ConfigurationError if the set is not there or does not compile.
    """
    return _compiled(folder.resolve(), release_name)


def installed(folder: Path) -> tuple[str, ...]:
    """Return the releases whose official set lies in `folder`, by name."""
    return tuple(sorted(path.parent.parent.name for path in folder.glob("*/xsd_dev/xbau-baukasten.xsd")))


def release_of(namespace: str) -> str | None:
    """Return the release that an XBau namespace names (`…/xbau/2/4/0/1` is 2.4.0.1), or None if it names none."""
    match = re.fullmatch(re.escape(XBAU) + r"(\d+(?:/\d+)+)", namespace)
    return match[1].replace("/", ".") if match else None


def official_files(folder: Path, release_name: str) -> dict[str, Path]:
    """Return the schema files of an installed release by name, a broken GML stub replaced by a sound copy if at hand.

    Raises: ConfigurationError if the set is not there.
    """
    place = folder / release_name / "xsd_dev"
    files = {path.name: path for path in sorted(place.glob("*.xsd"))}
    if "xbau-baukasten.xsd" not in files:
        raise ConfigurationError(
            codes.CONFIGURATION,
            f"Die amtlichen Schemata von XBau {release_name} sind nicht eingespielt.",
            "Spielen Sie das ZIP der XLeitstelle mit `bauweiche schemas import ZIP` ein.",
        )
    known = RELEASES.get(release_name)
    sound = [folder / known.gml_from / "xsd_dev" / name for name in GML] if known and known.gml_from else []
    if sound and all(path.is_file() for path in sound):
        files.update({path.name: path for path in sound})
    return files


@lru_cache(maxsize=16)
def _compiled(folder: Path, release_name: str) -> etree.XMLSchema:
    files = official_files(folder, release_name)
    return compile_set({name: path.read_bytes() for name, path in files.items()}, release_name)


def compile_set(files: Mapping[str, bytes], release_name: str) -> etree.XMLSchema:
    """Return the schema of a whole set, given as bytes by file name. Raises: ConfigurationError if it is unsound."""
    try:
        drivers = drivers_of(files)
        parser = _parser()
        parser.resolvers.add(_Shelf({**files, **drivers}))
        return compiled(etree.fromstring(drivers[DRIVER], parser, base_url=DRIVER))
    except (etree.LxmlError, IndexError, KeyError) as error:
        raise ConfigurationError(
            codes.CONFIGURATION,
            f"Die amtlichen Schemata von XBau {release_name} lassen sich nicht laden: {error}",
            "Spielen Sie das vollständige ZIP der XLeitstelle noch einmal ein.",
        ) from error


def drivers_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the schema documents that hold a set together, by name.

    libxml2 and xmlschema honour only the first import of a namespace. So one driver includes all files of the kernel,
    and a second one, which imports the first, all others.
    """
    kernel = sorted(name for name in files if name.startswith("xbau-kernmodul-"))
    own = sorted(name for name in files if name.startswith("xbau-") and name not in kernel)
    drivers: dict[str, bytes] = {}
    imported = _target(files[kernel[0]]) if kernel else None
    if imported is not None:
        drivers[KERNEL_DRIVER] = _driver(imported, kernel, None)
    drivers[DRIVER] = _driver(_target(files[own[0]]), own, imported)
    return drivers


def _driver(target: str, includes: list[str], imported: str | None) -> bytes:
    root = etree.Element(f"{{{XS}}}schema", {"targetNamespace": target}, nsmap={"xs": XS})
    if imported is not None:
        etree.SubElement(root, f"{{{XS}}}import", {"namespace": imported, "schemaLocation": KERNEL_DRIVER})
    for name in includes:
        etree.SubElement(root, f"{{{XS}}}include", {"schemaLocation": name})
    return etree.tostring(root)


def _target(data: bytes) -> str:
    """Return the target namespace of a schema file. Raises: KeyError if it has none."""
    target = etree.fromstring(data, _parser()).get("targetNamespace")
    if target is None:
        raise KeyError("targetNamespace")
    return target


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


class _Shelf(etree.Resolver):
    """Answers every schema location by its file name from one shelf, and never from anywhere else."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def resolve(self, system_url: str, _public: str, context: Any) -> Any:  # type: ignore[override]  # stub lacks context
        name = re.split(r"[/\\]", system_url)[-1]
        if name not in self._files:
            raise etree.LxmlError(f"{name} fehlt")
        return self.resolve_string(self._files[name], context, base_url=name)
