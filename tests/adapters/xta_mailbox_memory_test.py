"""The server's memory with 250 MB in each direction, measured in a process of its own."""

from __future__ import annotations

import pytest

from bench import mailbox


@pytest.mark.long
def test_250_mb_each_way_need_less_than_200_mb_of_memory() -> None:
    found = mailbox.run(rounds=0)
    assert found.memory_peak < 200_000_000
    # rates are for `python -m bench.mailbox` on a quiet machine; here only that streaming really streams
    assert found.memory_peak - found.memory_before < 60_000_000
