"""The filter on the server: the same language as on the screen, a bounded look for each answer, nothing left out."""

from gateway.api.operator.sifting import JOURNAL_FIELDS, sift

ROWS = [
    (
        number,
        {
            "subject": f"s{number % 7}",
            "actor": f"operator:{'anna' if number % 3 else 'bernd'}",
            "what": "x",
            "text": "Prüfung",
        },
    )
    for number in range(100, 0, -1)
]


def pages(words: str, limit: int, most: int) -> tuple[list[int], int]:
    """Return the numbers of all rows that fit, read page by page, and how many pages that took."""
    numbers = {id(row): number for number, row in ROWS}
    found: list[int] = []
    after, count = 1000, 0
    while after is not None:
        page = sift(((number, row) for number, row in ROWS if number < after), words, JOURNAL_FIELDS, limit, most)
        found += [numbers[id(row)] for row in page["rows"]]
        assert len(page["rows"]) <= limit
        after, count = page["next"], count + 1
    return found, count


def test_whatever_the_size_of_pages_every_fitting_row_is_found_once_and_in_order() -> None:
    wanted = [number for number, row in ROWS if row["actor"].endswith("bernd") and row["subject"] != "s0"]
    for limit, most in ((1, 5), (10, 7), (100, 1000), (3, 100)):
        assert pages("wer:bernd !zu:s0 pruefung", limit, most)[0] == wanted


def test_an_answer_looks_at_no_more_rows_than_it_may_and_leads_on() -> None:
    found, count = pages("zu:s3 wer:bernd", 50, 10)
    assert found == [number for number, _ in ROWS if number % 7 == 3 and number % 3 == 0]
    assert count == 11
    assert sift(iter(ROWS), "gibtesnicht", JOURNAL_FIELDS, 5, 10) == {"rows": [], "next": 91}
