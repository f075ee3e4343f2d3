"""Sealed parts: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import codes
from gateway.domain.errors import SealError
from gateway.seal.cipher import OVERHEAD, SealingPass, seal, unseal, unseal_chunks

KEY, NONCE = bytes(range(32)), bytes(range(12))


def streamed(chunks: list[bytes]) -> tuple[bytes, SealingPass]:
    sealing = SealingPass(KEY, NONCE)
    body = b"".join(bytes(sealing.update(chunk)) for chunk in chunks)
    return sealing.nonce + body + sealing.finish(), sealing


@given(st.lists(st.binary(max_size=3000), max_size=6), st.integers(1, 4000))
def test_any_chunking_in_and_out_gives_the_same_part(chunks: list[bytes], size: int) -> None:
    plain = b"".join(chunks)
    part, sealing = streamed(chunks)
    assert part == seal(plain, KEY, NONCE)
    assert len(part) == len(plain) + OVERHEAD
    assert (sealing.size, sealing.sha256_plain) == (len(plain), hashlib.sha256(plain).hexdigest())
    assert b"".join(unseal_chunks(io.BytesIO(part), KEY, size)) == plain == unseal(part, KEY)


@given(st.binary(max_size=200), st.data())
def test_one_flipped_bit_anywhere_is_found(plain: bytes, data: st.DataObject) -> None:
    part = bytearray(seal(plain, KEY, NONCE))
    part[data.draw(st.integers(0, len(part) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealError, match=codes.DECRYPTION_FAILED.name):
        unseal(bytes(part), KEY)
    with pytest.raises(SealError, match=codes.DECRYPTION_FAILED.name):
        list(unseal_chunks(io.BytesIO(part), KEY, 7))


@given(st.binary(max_size=100), st.integers(1, 200))
def test_a_part_cut_short_is_found(plain: bytes, missing: int) -> None:
    part = seal(plain, KEY, NONCE)[:-missing]
    with pytest.raises(SealError):
        list(unseal_chunks(io.BytesIO(part), KEY, 16))
    with pytest.raises(SealError):
        unseal(part, KEY)


def test_the_last_piece_is_held_back_until_the_tag_is_proved() -> None:
    part = bytearray(seal(b"a" * 10 + b"b" * 10, KEY, NONCE))
    part[-1] ^= 1
    seen: list[bytes] = []
    with pytest.raises(SealError):
        seen.extend(unseal_chunks(io.BytesIO(bytes(part)), KEY, 10))
    assert len(b"".join(seen)) < 20
    short = bytearray(seal(b"geheim", KEY, NONCE))
    short[-1] ^= 1
    with pytest.raises(SealError):
        next(unseal_chunks(io.BytesIO(bytes(short)), KEY))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealError):
        unseal(seal(b"geheim", KEY, NONCE), bytes(32))


@pytest.mark.parametrize(("key", "nonce"), [(b"k" * 16, NONCE), (KEY, b"n" * 16), (b"", NONCE)])
def test_a_key_or_nonce_of_another_length_is_refused(key: bytes, nonce: bytes) -> None:
    with pytest.raises(ValueError, match="32"):
        SealingPass(key, nonce)


def test_a_chunk_larger_than_the_buffer_is_taken_whole() -> None:
    plain = bytes(3 << 20)
    part, _ = streamed([plain])
    assert unseal(part, KEY) == plain
