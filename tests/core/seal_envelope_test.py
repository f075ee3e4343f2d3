"""Whole envelopes: opened by the addressee, and by nobody when one byte anywhere is not as it was signed."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain import codes
from gateway.domain.errors import GatewayError, SealError, SubmissionError
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.seal.cipher import seal
from gateway.seal.envelope import open_envelope, render_envelope
from gateway.seal.index import ENVELOPE_FILE, MANIFEST_FILE, read_index
from gateway.seal.keys import PrivateKeyEntry
from gateway.seal.opened import Opened
from gateway.seal.sign import sign
from gateway.seal.trust import Trust
from gateway.seal.wrap import wrap
from tests.kit.envelopes import ADDRESSEE, MESSAGE, MESSAGE_ID, Made, make_envelope, manifest_of
from tests.kit.keys import AT, authority_entry, authority_keys, gateway_signer, gateway_trust

OTHER_ID = MessageId("11111111-2222-4333-8444-555555555555")


@dataclass
class Bench:
    """An envelope and an empty place to open it in, as often as asked."""

    made: Made
    root: Path
    count: int = 0

    def open(self, keys: list[PrivateKeyEntry] | None = None, **more: object) -> Opened:
        self.count += 1
        self.target = self.root / f"klar-{self.count}"
        options: dict[str, object] = {"target": self.target, **more}
        at = options.pop("at", AT)
        trust = options.pop("trust", gateway_trust())
        return open_envelope(self.made.folder, keys or [authority_entry()], trust, at, **options)  # type: ignore[arg-type]  # tests pass what they like

    def refused(self, code: codes.Code, **more: object) -> SealError:
        with pytest.raises(SealError) as caught:
            self.open(**more)  # type: ignore[arg-type]  # as above
        assert caught.value.code is code
        assert not self.target.exists()
        return caught.value


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(make_envelope(tmp_path / "umschlag"), tmp_path)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_the_addressee_gets_every_file_as_it_was(tmp_path: Path, kind: str) -> None:
    bench = Bench(make_envelope(tmp_path / "umschlag", certificate=authority_keys(kind)[1]), tmp_path)
    opened = bench.open([authority_entry(kind)], addressee=ADDRESSEE)
    assert opened.ok
    assert opened.manifest == bench.made.manifest
    assert opened.message == MESSAGE
    assert opened.signer_subject == "CN=Bauweiche Signatur"
    assert [file.name for file in opened.files] == ["xbau.xml", "part-0002.pdf", "part-0003.pdf"]
    written = {path.name: path.read_bytes() for path in bench.target.iterdir()}
    assert written.pop("manifest.xml").endswith(b"</manifest>")
    assert written == dict(
        zip(["xbau.xml", "part-0002.pdf", "part-0003.pdf"], [MESSAGE, *bench.made.attachments], strict=True)
    )
    assert stat.S_IMODE(bench.target.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in bench.target.iterdir()} == {0o600}


def test_applicants_file_names_are_asked_of_the_proved_message_and_made_safe(bench: Bench) -> None:
    seen = []

    def names(message: bytes) -> dict[str, str]:
        seen.append(message)
        _, first, second = bench.made.manifest.parts
        return {str(first.document_id): "../../../etc/Plan.pdf", str(second.document_id): "MANIFEST.XML"}

    opened = bench.open(names=names)
    assert seen == [MESSAGE]
    assert [file.name for file in opened.files] == ["xbau.xml", "_.._.._etc_Plan.pdf", "MANIFEST (2).XML"]
    assert len(list(bench.target.iterdir())) == 4


def test_the_folder_may_be_renamed_and_carry_the_mark_of_pick_up(bench: Bench) -> None:
    (bench.made.folder / ".quittung").touch()
    moved = bench.made.folder.rename(bench.root / "abgeholt")
    bench.made = Made(moved, bench.made.manifest, bench.made.content_key, bench.made.attachments)
    assert bench.open().ok


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_one_flipped_bit_in_any_file_is_found(bench: Bench, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(bench.made.folder.iterdir())))
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(changed)
    try:
        assert not bench.open().ok
    except GatewayError:
        assert not bench.target.exists()
    finally:
        path.write_bytes(whole)
        shutil.rmtree(bench.target, ignore_errors=True)


def test_no_byte_of_the_envelope_file_can_change_unseen(bench: Bench) -> None:
    whole = (bench.made.folder / ENVELOPE_FILE).read_bytes()
    index = read_index(whole)
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 2
        try:
            found = read_index(bytes(changed))
        except (SealError, SubmissionError):
            continue
        # what still reads well says something else, which is then held against key, folder or signed manifest
        assert found != index


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_file_cut_short_or_grown_is_found(bench: Bench, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(bench.made.folder.iterdir())))
    whole = path.read_bytes()
    changed = data.draw(
        st.one_of(st.integers(0, len(whole) - 1).map(lambda size: whole[:size]), st.just(whole + b"\0"))
    )
    path.write_bytes(changed)
    try:
        assert not bench.open().ok
    except GatewayError:
        assert not bench.target.exists()
    finally:
        path.write_bytes(whole)
        shutil.rmtree(bench.target, ignore_errors=True)


def test_a_damaged_part_is_named_and_not_written_the_others_are(bench: Bench) -> None:
    path = bench.made.folder / "part-0003.bin"
    octets = path.read_bytes()
    path.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
    opened = bench.open()
    assert not opened.ok
    assert [(file.part, file.ok) for file in opened.files] == [
        ("part-0001.bin", True),
        ("part-0002.bin", True),
        ("part-0003.bin", False),
    ]
    assert [fault.pointer for fault in opened.findings] == ["/part-0003.bin"]
    assert sorted(path.name for path in bench.target.iterdir()) == ["manifest.xml", "part-0002.pdf", "xbau.xml"]


def swap(first: Path, second: Path) -> None:
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


def test_parts_of_equal_size_that_changed_places_are_found(tmp_path: Path) -> None:
    bench = Bench(make_envelope(tmp_path / "umschlag", (b"%PDF eins", b"%PDF zwei")), tmp_path)
    swap(bench.made.folder / "part-0002.bin", bench.made.folder / "part-0003.bin")
    opened = bench.open()
    assert [fault.code for fault in opened.findings] == [codes.DIGEST_WRONG, codes.DIGEST_WRONG]


def test_the_manifest_and_a_part_that_changed_places_are_found(bench: Bench) -> None:
    swap(bench.made.folder / MANIFEST_FILE, bench.made.folder / "part-0001.bin")
    with pytest.raises(GatewayError):
        bench.open()


def test_a_part_of_another_envelope_is_found(bench: Bench) -> None:
    other = make_envelope(bench.root / "anderer", message_id=OTHER_ID)
    for name in ("part-0001.bin", "part-0002.bin", MANIFEST_FILE, ENVELOPE_FILE):
        whole = (bench.made.folder / name).read_bytes()
        shutil.copy(other.folder / name, bench.made.folder / name)
        with suppress(SealError):
            assert not bench.open().ok
        (bench.made.folder / name).write_bytes(whole)
    assert bench.open().ok


def rewrite(bench: Bench, **changes: object) -> None:
    """Write an `envelope.xml` that is well formed and opens, but says something else."""
    values: dict[str, object] = {
        "message_id": MESSAGE_ID,
        "addressee": ADDRESSEE,
        "test": False,
        "encrypted_key": wrap(bench.made.content_key, authority_keys()[1], purpose_at=AT),
        "parts": [part.name for part in bench.made.manifest.parts],
        **changes,
    }
    (bench.made.folder / ENVELOPE_FILE).write_bytes(render_envelope(**values))  # type: ignore[arg-type]  # values of the right kind


def test_an_outside_that_contradicts_the_signed_inside_is_refused_with_every_difference(bench: Bench) -> None:
    names = [part.name for part in bench.made.manifest.parts]
    rewrite(bench, message_id=OTHER_ID, addressee=AuthorityKey("05911000"), test=True, parts=names[::-1])
    error = bench.refused(codes.ENVELOPE_INVALID)
    assert [fault.pointer for fault in error.faults] == ["/messageId", "/addressee", "/test", "/parts"]


def test_an_envelope_for_another_authority_is_refused_though_its_key_fits(bench: Bench) -> None:
    error = bench.refused(codes.ENVELOPE_INVALID, addressee=AuthorityKey("05911000"))
    assert "05315000" in error.reason


def test_missing_and_extra_files_are_all_named(bench: Bench) -> None:
    (bench.made.folder / "part-0002.bin").unlink()
    (bench.made.folder / "virus.exe").touch()
    error = bench.refused(codes.ENVELOPE_INVALID)
    assert {fault.pointer for fault in error.faults} == {"/part-0002.bin", "/virus.exe"}


@pytest.mark.parametrize("name", [ENVELOPE_FILE, MANIFEST_FILE, "part-0002.bin"])
def test_a_link_in_place_of_a_file_is_refused(bench: Bench, name: str) -> None:
    path = bench.made.folder / name
    path.rename(bench.root / "woanders")
    path.symlink_to(bench.root / "woanders")
    bench.refused(codes.ENVELOPE_INVALID)


def test_a_manifest_replaced_by_one_a_stranger_signed_is_refused(bench: Bench) -> None:
    stranger = gateway_signer("ec", 77)
    forged = sign(manifest_of(message=MESSAGE, attachments=bench.made.attachments), stranger, AT)
    (bench.made.folder / MANIFEST_FILE).write_bytes(seal(forged, bench.made.content_key, os.urandom(12)))
    bench.refused(codes.CERTIFICATE_UNTRUSTED)


def test_the_wrong_key_an_unknown_signer_and_an_expired_one_are_refused(bench: Bench) -> None:
    bench.refused(codes.KEY_MISSING, keys=[authority_entry("ec", 9)])
    bench.refused(codes.CERTIFICATE_UNTRUSTED, trust=Trust(()))
    bench.refused(codes.CERTIFICATE_EXPIRED, at=AT + timedelta(days=800))


def test_nothing_is_overwritten(bench: Bench) -> None:
    bench.open()
    before = sorted(path.name for path in bench.target.iterdir())
    with pytest.raises(SealError, match="nicht leer"):
        open_envelope(bench.made.folder, [authority_entry()], gateway_trust(), AT, target=bench.target)
    assert sorted(path.name for path in bench.target.iterdir()) == before


@pytest.mark.parametrize("parts", [["../part-0001.bin"], ["part-0001.bin", "part-0001.bin"], ["x.bin"], []])
def test_an_envelope_with_strange_part_names_is_never_made(parts: list[str]) -> None:
    key = wrap(bytes(32), authority_keys()[1], purpose_at=AT)
    with pytest.raises(ValueError, match=r"part-0001\.bin|envelope"):
        render_envelope(message_id=MESSAGE_ID, addressee=ADDRESSEE, test=False, encrypted_key=key, parts=parts)


@pytest.mark.parametrize("change", [{"addressee": '05"/><x'}, {"message_id": "1"}, {"encrypted_key": b"<a/>"}])
def test_an_envelope_with_strange_values_is_never_made(bench: Bench, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not an e"):
        rewrite(bench, **change)


def test_a_large_attachment_is_opened_in_flat_memory(tmp_path: Path) -> None:
    plan = hashlib.sha256(b"plan").digest() * (40 * 2**20 // 32)
    bench = Bench(make_envelope(tmp_path / "umschlag", (plan,)), tmp_path)
    tracemalloc.start()
    try:
        opened = bench.open()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert opened.ok
    assert (bench.target / "part-0002.pdf").stat().st_size == len(plan)
    assert peak < 12 * 2**20


def test_an_interruption_leaves_no_unproved_plaintext_behind(bench: Bench) -> None:
    def names(_message: bytes) -> dict[str, str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.open(names=names)
    assert sorted(path.name for path in bench.target.iterdir()) == ["manifest.xml", "xbau.xml"]


Attack = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "attack",
    [
        lambda data: data.replace(b"<envelope", b"<!DOCTYPE x><envelope", 1),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"</envelope>", b"<!-- x --></envelope>"),
        lambda data: data.replace(b'URI="part-0002.bin"', b'URI="../part-0002.bin"'),
        lambda data: data.replace(b'URI="part-0002.bin"', b'URI="http://example.org/x"'),
        lambda data: data.replace(b'version="1" m', b'version="2" m'),
        lambda data: data.replace(b"aes256-gcm", b"aes128-gcm"),
        lambda data: data.replace(b"urn:bauweiche:envelope:1", b"urn:bauweiche:envelope:2"),
        lambda data: b"",
        lambda data: b"<a/>",
    ],
)
def test_an_envelope_file_in_any_other_form_is_refused(bench: Bench, attack: Attack) -> None:
    path = bench.made.folder / ENVELOPE_FILE
    changed = attack(path.read_bytes())
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    with pytest.raises((SealError, SubmissionError)):
        bench.open()
    assert not bench.target.exists()
