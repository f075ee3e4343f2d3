"""Short requests go before uploads, and never bring them to a stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from gateway.api.precedence import Precedence


async def chunks(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number])


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_upload_steps_back_while_a_request_is_answered_and_goes_on_right_after() -> None:
    precedence, seen = Precedence(), []

    async def upload() -> None:
        async for chunk in precedence.behind(chunks(3)):
            seen.append(chunk)

    with precedence.asking(), precedence.asking():
        going = asyncio.create_task(upload())
        await turns()
        assert seen == []
    await turns()
    assert going.done()
    assert seen == [b"\0", b"\1", b"\2"]


async def test_a_request_that_is_never_answered_holds_no_upload_up() -> None:
    precedence = Precedence()
    async with asyncio.timeout(20):
        with precedence.asking():
            assert len([chunk async for chunk in precedence.behind(chunks(50))]) == 50


async def test_requests_without_end_only_slow_an_upload_down() -> None:
    precedence = Precedence()

    async def ask_on() -> None:
        while True:
            with precedence.asking():
                await asyncio.sleep(0)
                with precedence.asking():
                    await asyncio.sleep(0)

    crowd = [asyncio.create_task(ask_on()) for _ in range(3)]
    async with asyncio.timeout(20):
        assert len([chunk async for chunk in precedence.behind(chunks(5))]) == 5
    for one in crowd:
        one.cancel()
