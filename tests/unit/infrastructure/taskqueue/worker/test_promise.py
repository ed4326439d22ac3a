import asyncio

import pytest

from internal.infrastructure.taskqueue.worker.promise import Promise, end

pytestmark = pytest.mark.anyio


async def begun(promise: Promise[int], kept: list[int]) -> asyncio.Task[None]:
    """A life that waits for the promise."""

    async def live() -> None:
        kept.append(await promise.kept())

    life = asyncio.create_task(live())
    await asyncio.sleep(0)
    return life


async def test_the_first_value_counts() -> None:
    promise = Promise[int]()

    promise.keep(1)
    promise.keep(2)

    assert await promise.kept() == 1


async def test_a_cancellation_that_a_handler_left_behind_does_not_end_the_wait() -> None:
    promise, kept = Promise[int](), list[int]()
    life = await begun(promise, kept)

    for _ in range(2):
        life.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    promise.keep(1)
    await life

    assert kept == [1]


async def test_a_cancellation_that_arrives_with_the_value_does_not_lose_it() -> None:
    promise, kept = Promise[int](), list[int]()
    life = await begun(promise, kept)

    promise.keep(1)
    life.cancel()
    await life

    assert kept == [1]


async def test_the_end_of_the_worker_ends_the_wait() -> None:
    life = await begun(Promise[int](), [])

    end(life)
    await asyncio.wait([life])

    assert life.cancelled()
