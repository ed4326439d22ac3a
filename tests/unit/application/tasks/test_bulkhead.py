import asyncio
from datetime import timedelta

import pytest

from internal.application.tasks.bulkhead import COME_BACK_IN, Bulkhead
from internal.ports.tasks import RetryLater

pytestmark = pytest.mark.anyio

IMPATIENT = timedelta(milliseconds=10)


async def test_a_task_without_a_place_comes_back_within_seconds() -> None:
    bulkhead = Bulkhead(places=1, patience=IMPATIENT)

    async with bulkhead:
        with pytest.raises(RetryLater) as postponed:
            await bulkhead.__aenter__()

    shortest, longest = COME_BACK_IN
    assert shortest <= postponed.value.after.total_seconds() <= longest


async def test_waits_a_moment_for_a_place_that_becomes_free() -> None:
    bulkhead = Bulkhead(places=1, patience=timedelta(seconds=10))
    ran = []

    async def use(number: int) -> None:
        async with bulkhead:
            await asyncio.sleep(0)
            ran.append(number)

    await asyncio.gather(*(use(number) for number in range(50)))

    assert sorted(ran) == list(range(50))


async def test_goes_on_waiting_while_places_become_free() -> None:
    bulkhead = Bulkhead(places=1, patience=timedelta(milliseconds=200))
    ran = []

    async def use(number: int) -> None:
        async with bulkhead:
            await asyncio.sleep(0.05)
            ran.append(number)

    await asyncio.gather(*(use(number) for number in range(12)))

    assert ran == list(range(12))


async def test_a_place_is_free_again_after_a_failure() -> None:
    bulkhead = Bulkhead(places=1, patience=IMPATIENT)
    with pytest.raises(ArithmeticError):
        async with bulkhead:
            raise ArithmeticError

    async with bulkhead:
        pass
