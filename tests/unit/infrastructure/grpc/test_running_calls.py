import asyncio

import pytest

from internal.infrastructure.grpc.running_calls import RunningCalls, TooManyCalls
from internal.ports.unavailable import Unavailable

pytestmark = pytest.mark.anyio


async def test_lets_no_more_in_than_it_may() -> None:
    running = RunningCalls(most=2)

    with running.one_more(), running.one_more(), pytest.raises(TooManyCalls), running.one_more():
        pass


async def test_counts_a_call_that_fails_as_ended() -> None:
    running = RunningCalls(most=1)
    with pytest.raises(RuntimeError), running.one_more():
        raise RuntimeError

    with running.one_more():
        pass


async def test_closing_waits_for_the_calls_and_lets_no_more_in() -> None:
    running = RunningCalls(most=2)
    with running.one_more():
        closing = asyncio.create_task(running.close())
        await asyncio.sleep(0)

        with pytest.raises(Unavailable), running.one_more():
            pass
        assert not closing.done()

    await closing
