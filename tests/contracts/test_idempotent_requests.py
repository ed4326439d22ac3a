from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import idempotent_requests
from internal.ports.idempotent_requests import RequestInProgress
from internal.ports.unit_of_work import UnitOfWork
from tests.fakes.clock import FakeClock
from tests.fakes.unit_of_work import FakeUnitOfWork

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
LITTLE = timedelta(minutes=1)


@dataclass(frozen=True)
class Requests:
    begin: Callable[[], UnitOfWork]
    wait: Callable[[timedelta], Awaitable[None]]
    claim_elsewhere: Callable[[str], Awaitable[None]]


@pytest.fixture
async def elsewhere() -> AsyncIterator[AsyncExitStack]:
    """What other units of work hold until the test ends."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture(params=["fake", "sqlalchemy"])
def requests(request: pytest.FixtureRequest) -> Requests:
    if request.param == "fake":
        return fake_requests()
    return real_requests(request.getfixturevalue("container"), request.getfixturevalue("elsewhere"))


def fake_requests() -> Requests:
    clock = FakeClock()
    uow = FakeUnitOfWork(clock=clock)

    async def wait(duration: timedelta) -> None:
        clock.advance(duration)

    async def claim_elsewhere(key: str) -> None:
        uow.requests.in_progress.add(key)

    return Requests(lambda: uow, wait, claim_elsewhere)


def real_requests(container: Container, elsewhere: AsyncExitStack) -> Requests:
    async def wait(duration: timedelta) -> None:
        """Nobody can move Postgres' clock: what it has noted is moved back instead."""
        async with container.database.engine().begin() as connection:
            created_at = idempotent_requests.c.created_at
            await connection.execute(update(idempotent_requests).values(created_at=created_at - duration))

    async def claim_elsewhere(key: str) -> None:
        uow = await elsewhere.enter_async_context(container.database.unit_of_work())
        await uow.requests.claim(key, uuid4())

    return Requests(container.database.unit_of_work, wait, claim_elsewhere)


def another(user: User) -> User:
    user_id = uuid4()
    return replace(user, id=user_id, email=EmailAddress.parse(f"{user_id}@example.com"))


async def sign_up(requests: Requests, key: str, user: User, *, commit: bool = True) -> UUID | None:
    async with requests.begin() as uow:
        earlier = await uow.requests.claim(key, user.id)
        if earlier is None:
            await uow.users.add(user)
        if commit:
            await uow.commit()
    return earlier


async def test_the_first_request_with_a_key_has_nothing_before_it(requests: Requests, ada: User) -> None:
    assert await sign_up(requests, "key", ada) is None


async def test_every_later_one_hears_of_the_first(requests: Requests, ada: User) -> None:
    await sign_up(requests, "key", ada)

    assert await sign_up(requests, "key", another(ada)) == ada.id
    assert await sign_up(requests, "key", another(ada)) == ada.id


async def test_keys_do_not_touch_one_another(requests: Requests, ada: User) -> None:
    await sign_up(requests, "key", ada)

    assert await sign_up(requests, "Key", another(ada)) is None


async def test_without_a_commit_nothing_was_claimed(requests: Requests, ada: User) -> None:
    await sign_up(requests, "key", ada, commit=False)

    assert await sign_up(requests, "key", ada) is None


async def test_a_key_is_kept_for_a_day_and_free_afterwards(requests: Requests, ada: User) -> None:
    await sign_up(requests, "key", ada)
    second = another(ada)

    await requests.wait(DAY - LITTLE)
    within = await sign_up(requests, "key", another(ada))
    await requests.wait(2 * LITTLE)
    after = await sign_up(requests, "key", second)

    assert (within, after) == (ada.id, None)
    assert await sign_up(requests, "key", another(ada)) == second.id


async def test_a_key_that_another_unit_of_work_has_claimed_is_in_progress(
    requests: Requests, ada: User
) -> None:
    await requests.claim_elsewhere("key")

    with pytest.raises(RequestInProgress):
        await sign_up(requests, "key", ada)

    assert await sign_up(requests, "another", ada) is None
