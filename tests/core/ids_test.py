"""Case numbers that people read aloud, and ids as XBau wants them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.ids import (
    ALPHABET,
    AuthorityKey,
    case_number,
    case_numbers_like,
    document_id,
    dvdv_key,
    read_case_number,
)

numbers = st.builds(case_number, st.integers(2026, 2099), st.uuids())


@given(numbers)
def test_a_case_number_is_read_back_however_it_was_written(number: str) -> None:
    assert read_case_number(number) == number
    assert read_case_number(f"  {number.lower()} ") == number
    body = number[3:].replace("0", "O").replace("1", "l")
    assert read_case_number("bw-" + body) == number


@given(numbers, st.integers(8, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(number: str, place: int, character: str) -> None:
    if number[place] in (character, "-"):
        return
    assert read_case_number(number[:place] + character + number[place + 1 :]) is None


@given(st.text(max_size=30))
def test_anything_else_is_not_a_case_number(text: str) -> None:
    found = read_case_number(text)
    assert found is None or re.fullmatch(r"BW-\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", found)


@given(numbers, st.integers(2, 17))
def test_the_beginning_of_a_case_number_means_it(number: str, length: int) -> None:
    found = case_numbers_like(number[:length].lower(), 2026)
    assert found is not None
    assert found[0] <= number <= found[1]
    if length >= 11:
        without_year = case_numbers_like(number[8:], int(number[3:7]))
        assert without_year == (number, number)


@given(st.text(max_size=20))
def test_what_no_case_number_begins_with_means_none(text: str) -> None:
    found = case_numbers_like(text, 2026)
    assert found is None or all(re.fullmatch(r"BW-\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", one) for one in found)
    assert case_numbers_like("Münster", 2026) is None


@given(st.uuids())
def test_a_document_id_is_a_valid_xml_id(identity: object) -> None:
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", document_id(identity))  # type: ignore[arg-type]  # a UUID


def test_dvdv_keys_have_eight_digits_for_towns_and_five_for_kreise() -> None:
    assert dvdv_key(AuthorityKey("05315000"), kreis=False) == "bab:05315000"
    assert dvdv_key(AuthorityKey("05570000"), kreis=True) == "bab:05570"
