import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.ports.idempotency import Busy, Claim, Done, Idempotency, UnknownIdempotencyKey
from tests.fakes.clock import FakeClock
from tests.fakes.idempotency import FakeIdempotency

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=1)
SHORT_LEASE = timedelta(milliseconds=100)


@dataclass(frozen=True)
class Deliveries:
    idempotency: Idempotency
    store_task: Callable[[], Awaitable[str]]
    wait: Callable[[timedelta], Awaitable[None]]


@pytest.fixture(params=["fake", "sqlalchemy"])
def deliveries(request: pytest.FixtureRequest) -> Deliveries:
    if request.param == "fake":
        return fake_deliveries()
    container: Container = request.getfixturevalue("container")

    async def store_task() -> str:
        async with container.database().unit_of_work() as uow:
            receipt = await uow.tasks.publish(SendWelcomeEmail(user_id=uuid4()))
            await uow.commit()
        return receipt.id

    return Deliveries(
        container.database.idempotency(), store_task, lambda duration: asyncio.sleep(duration.total_seconds())
    )


def fake_deliveries() -> Deliveries:
    clock = FakeClock()
    idempotency = FakeIdempotency(clock)

    async def store_task() -> str:
        key = str(uuid4())
        idempotency.add(key)
        return key

    async def wait(duration: timedelta) -> None:
        clock.advance(duration)

    return Deliveries(idempotency, store_task, wait)


async def test_the_first_to_claim_may_act(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()

    assert await deliveries.idempotency.claim(key, LEASE) == Claim()


async def test_the_second_to_claim_hears_how_long_to_wait(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()
    await deliveries.idempotency.claim(key, LEASE)

    second = await deliveries.idempotency.claim(key, LEASE)

    assert isinstance(second, Busy)
    assert LEASE / 2 < second.remaining <= LEASE


async def test_a_claim_lapses(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()
    await deliveries.idempotency.claim(key, SHORT_LEASE)
    await deliveries.wait(2 * SHORT_LEASE)

    assert await deliveries.idempotency.claim(key, LEASE) == Claim()
    assert isinstance(await deliveries.idempotency.claim(key, LEASE), Busy)


async def test_a_renewed_claim_lasts_from_then_on(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()
    await deliveries.idempotency.claim(key, SHORT_LEASE)

    await deliveries.idempotency.renew(key, LEASE)
    await deliveries.wait(2 * SHORT_LEASE)

    other = await deliveries.idempotency.claim(key, LEASE)
    assert isinstance(other, Busy)
    assert LEASE / 2 < other.remaining <= LEASE


async def test_a_renewed_claim_lapses_too(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()
    await deliveries.idempotency.claim(key, LEASE)

    await deliveries.idempotency.renew(key, SHORT_LEASE)
    await deliveries.wait(2 * SHORT_LEASE)

    assert await deliveries.idempotency.claim(key, LEASE) == Claim()


async def test_who_is_late_to_renew_takes_the_claim_again(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()
    await deliveries.idempotency.claim(key, SHORT_LEASE)
    await deliveries.wait(2 * SHORT_LEASE)

    await deliveries.idempotency.renew(key, LEASE)

    assert isinstance(await deliveries.idempotency.claim(key, LEASE), Busy)


async def test_renewing_changes_nothing_about_what_is_done(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()
    await deliveries.idempotency.claim(key, LEASE)
    await deliveries.idempotency.complete(key)

    await deliveries.idempotency.renew(key, LEASE)

    assert await deliveries.idempotency.claim(key, LEASE) == Done()


async def test_a_completed_claim_stays_done(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()
    await deliveries.idempotency.claim(key, SHORT_LEASE)
    await deliveries.idempotency.complete(key)

    at_once = await deliveries.idempotency.claim(key, LEASE)
    await deliveries.wait(2 * SHORT_LEASE)
    later = await deliveries.idempotency.claim(key, LEASE)

    assert at_once == later == Done()


async def test_keys_do_not_touch_one_another(deliveries: Deliveries) -> None:
    key, other = await deliveries.store_task(), await deliveries.store_task()
    await deliveries.idempotency.claim(key, LEASE)
    await deliveries.idempotency.complete(key)

    assert await deliveries.idempotency.claim(other, LEASE) == Claim()


async def test_refuses_the_key_of_a_task_that_nobody_stored(deliveries: Deliveries) -> None:
    with pytest.raises(UnknownIdempotencyKey):
        await deliveries.idempotency.claim(str(uuid4()), LEASE)


async def test_exactly_one_of_many_at_once_may_act(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()

    answers = await asyncio.gather(*(deliveries.idempotency.claim(key, LEASE) for _ in range(20)))

    assert answers.count(Claim()) == 1
    assert sum(isinstance(answer, Busy) for answer in answers) == 19


async def test_a_claim_says_how_old_its_task_is(deliveries: Deliveries) -> None:
    key = await deliveries.store_task()
    await deliveries.wait(SHORT_LEASE)

    claim = await deliveries.idempotency.claim(key, LEASE)

    assert isinstance(claim, Claim)
    assert SHORT_LEASE <= claim.age < timedelta(seconds=30)


async def test_a_task_that_was_to_run_later_is_not_old_before_it_is_due(container: Container) -> None:
    task = SendWelcomeEmail(user_id=uuid4())
    async with container.database.unit_of_work() as uow:
        receipt = await uow.tasks.publish(task, delay=timedelta(days=3))
        await uow.commit()

    claim = await container.database.idempotency().claim(receipt.id, LEASE)

    assert isinstance(claim, Claim)
    assert claim.age < timedelta(0)
