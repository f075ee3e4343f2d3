"""The official schemas: every message of every release is found in them, and a ZIP brings them in unharmed."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from lxml import etree

from gateway.domain.errors import ConfigurationError, GatewayError, SubmissionError
from gateway.xbau import schemazip
from gateway.xbau.detect import message_names
from gateway.xbau.official import installed, official_schema, release_of
from gateway.xbau.release import RELEASES
from gateway.xbau.schemazip import import_zip
from tests.kit.xbau_replies import OFFICIAL, official_only

GML = "http://www.opengis.net/gml/3.2"


def archive(path: Path, entries: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in entries.items():
            opened.writestr(name, data)
    return path


def official_set(name: str, folder: str) -> dict[str, bytes]:
    return {f"{folder}{path.name}": path.read_bytes() for path in (OFFICIAL / name / "xsd_dev").iterdir()}


@official_only
@pytest.mark.parametrize("name", RELEASES)
def test_every_message_of_a_release_is_found_in_the_official_schema(name: str) -> None:
    release, schema = RELEASES[name], official_schema(OFFICIAL, name)
    for kernel, space in ((False, release.namespace), (True, release.kernel)):
        for root in message_names(release, kernel=kernel).values():
            assert not schema.validate(etree.Element(f"{{{space}}}{root}"))
            assert "No matching global declaration" not in str(schema.error_log), root
    assert not schema.validate(etree.Element("{urn:x}y"))
    assert "No matching global declaration" in str(schema.error_log)


@official_only
def test_a_set_is_compiled_once() -> None:
    assert official_schema(OFFICIAL, "2.6") is official_schema(OFFICIAL / ".." / OFFICIAL.name, "2.6")


@official_only
@pytest.mark.parametrize("name", RELEASES)
def test_the_gml_profile_knows_polygons_also_where_the_set_ships_a_stub(name: str) -> None:
    schema = official_schema(OFFICIAL, name)
    polygon = etree.fromstring(
        f"<g:Polygon xmlns:g='{GML}' g:id='p' srsName='EPSG:25832'><g:exterior><g:LinearRing><g:posList>0 0 1 0 1 1 0 0"
        "</g:posList></g:LinearRing></g:exterior></g:Polygon>"
    )
    assert schema.validate(polygon), schema.error_log


def test_releases_are_known_by_their_namespace() -> None:
    assert {name: release_of(release.namespace) for name, release in RELEASES.items()} == {
        name: name for name in RELEASES
    }
    assert [release_of(space) for space in ("http://www.xleitstelle.de/xbau/kernmodul/1/2", "", "urn:x")] == [None] * 3


def test_a_set_that_is_not_installed_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nicht eingespielt"):
        official_schema(tmp_path, "2.6")


def test_an_incomplete_set_is_named_as_such(tmp_path: Path) -> None:
    place = tmp_path / "2.6" / "xsd_dev"
    place.mkdir(parents=True)
    (place / "xbau-baukasten.xsd").write_bytes(
        b"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='http://www.xleitstelle.de/xbau/2/6'>"
        b"<xs:include schemaLocation='http://example.org/fehlt.xsd'/></xs:schema>"
    )
    with pytest.raises(ConfigurationError, match="lassen sich nicht laden"):
        official_schema(tmp_path, "2.6")


@official_only
def test_a_zip_brings_in_every_set_it_holds_and_replaces_an_older_one(tmp_path: Path) -> None:
    target = tmp_path / "schemata"
    (target / "2.6" / "xsd_dev").mkdir(parents=True)
    (target / "2.6" / "xsd_dev" / "alt.xsd").write_text("alt")
    entries = official_set("2.6", "XBau 2.6/xsd_dev/") | official_set("2.2", "a/b/xsd_dev/")
    entries |= {"XBau 2.6/README.txt": b"x", "XBau 2.6/xsd/xbau-fremd.xsd": b"<x/>"}
    assert import_zip(archive(tmp_path / "x.zip", entries), target) == ["2.2", "2.6"]
    assert installed(target) == ("2.2", "2.6")
    assert sorted(path.name for path in (target / "2.6").iterdir()) == ["xsd_dev"]
    assert {path.name for path in (target / "2.6" / "xsd_dev").iterdir()} == {
        path.name for path in (OFFICIAL / "2.6" / "xsd_dev").iterdir()
    }
    assert official_schema(target, "2.6") is not official_schema(OFFICIAL, "2.6")


@official_only
def test_a_set_that_asks_for_nothing_is_not_the_official_one(tmp_path: Path) -> None:
    entries = {
        name: data.replace(b'use="required"', b"").replace(b"<xs:element ", b'<xs:element minOccurs="0" ')
        .replace(b'<xs:element minOccurs="0" name="baugenehmigung', b'<xs:element name="baugenehmigung')
        for name, data in official_set("2.6", "xsd_dev/").items()
    }  # fmt: skip
    with pytest.raises(GatewayError):
        import_zip(archive(tmp_path / "x.zip", entries), tmp_path / "t")
    assert not (tmp_path / "t").exists()


@official_only
def test_a_set_that_lacks_a_file_changes_nothing(tmp_path: Path) -> None:
    entries = official_set("2.6", "xsd_dev/")
    del entries["xsd_dev/xbau-codes.xsd"]
    with pytest.raises(ConfigurationError, match="lassen sich nicht laden"):
        import_zip(archive(tmp_path / "x.zip", entries), tmp_path / "t")
    assert not (tmp_path / "t").exists()


MARK = b"<s targetNamespace='http://www.xleitstelle.de/xbau/2/6'/>"


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({}, "keinen amtlichen"),
        ({"xsd_dev/anderes.xsd": b"<a/>"}, "keinen amtlichen"),
        ({"xsd_dev/xbau-baukasten.xsd": b"<s targetNamespace='urn:x'/>"}, "keinen amtlichen"),
        ({"xsd_dev/xbau-baukasten.xsd": b"<s"}, "nicht lesbar"),
        ({"xsd_dev/xbau-baukasten.xsd": b"<!DOCTYPE s [<!ENTITY a 'b'>]>" + MARK}, "DOCTYPE"),
        ({"xsd_dev/xbau-baukasten.xsd": MARK, "xsd_dev/b.xsd": b"<!DOCTYPE s><s/>"}, "DOCTYPE"),
        ({"../xbau-baukasten.xsd": MARK}, "unzulässigen Pfad"),
        ({"/etc/xbau-baukasten.xsd": MARK}, "unzulässigen Pfad"),
        ({"a\\..\\..\\b.xsd": b""}, "unzulässigen Pfad"),
        ({"C:b.xsd": b""}, "unzulässigen Pfad"),
        ({"bombe.xsd": b"\0" * (schemazip.FILE_BYTES + 1)}, "größer als erlaubt"),
        ({f"{number}.xsd": b"" for number in range(schemazip.ENTRIES + 1)}, "mehr als 2000"),
    ],
)
def test_a_zip_that_is_unsafe_or_foreign_is_refused(tmp_path: Path, entries: dict[str, bytes], reason: str) -> None:
    with pytest.raises(SubmissionError, match=reason):
        import_zip(archive(tmp_path / "x.zip", entries), tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_many_files_that_only_together_are_a_bomb_are_refused(tmp_path: Path) -> None:
    full = b"\0" * schemazip.FILE_BYTES
    path = archive(tmp_path / "x.zip", {f"{number}.xsd": full for number in range(11)})
    with pytest.raises(SubmissionError, match="größer als erlaubt"):
        import_zip(path, tmp_path / "t")


def test_a_zip_packed_in_an_odd_way_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_BZIP2) as opened:
        opened.writestr("a.xsd", b"<a/>")
    with pytest.raises(SubmissionError, match="unübliche Art"):
        import_zip(tmp_path / "x.zip", tmp_path / "t")


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("xsd_dev/xbau-baukasten.xsd")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as opened:
        opened.writestr(link, "/etc/passwd")
    with pytest.raises(SubmissionError, match="keine Datei"):
        import_zip(tmp_path / "x.zip", tmp_path / "t")


def test_what_is_no_zip_or_a_broken_one_is_refused(tmp_path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a.xsd", b"<a/>" * 100)
    names, stream = bytearray(whole.getvalue()), bytearray(whole.getvalue())
    names[30:35] = b"\xff" * 5
    stream[35:40] = b"\xff" * 5
    for data in (b"", b"PK", whole.getvalue()[:-30], bytes(names), bytes(stream)):
        (tmp_path / "x.zip").write_bytes(data)
        with pytest.raises(SubmissionError, match="nicht lesbar"):
            import_zip(tmp_path / "x.zip", tmp_path / "t")
    with pytest.raises(SubmissionError, match="nicht lesbar"):
        import_zip(tmp_path / "gibt-es-nicht.zip", tmp_path / "t")
