from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, insert, literal, select

from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.idempotent_requests import KEPT_FOR
from internal.infrastructure.database.request_history import SqlAlchemyRequestHistory
from internal.infrastructure.database.tables import idempotent_requests
from internal.ports.request_history import RequestHistory
from tests.fakes.clock import FakeClock
from tests.fakes.idempotent_requests import FakeIdempotentRequests
from tests.fakes.request_history import FakeRequestHistory

pytestmark = pytest.mark.anyio

LITTLE = timedelta(minutes=1)


@dataclass(frozen=True)
class Store:
    """`add` stores a request with the key of this number, so long ago."""

    history: RequestHistory
    add: Callable[[int, timedelta], Awaitable[None]]
    keys: Callable[[], Awaitable[list[int]]]


@pytest.fixture(params=["fake", "sqlalchemy"])
def store(request: pytest.FixtureRequest, ada: User) -> Store:
    if request.param == "fake":
        return fake_store(ada)
    return sql_store(request.getfixturevalue("container"), ada)


def fake_store(user: User) -> Store:
    clock = FakeClock()
    requests = FakeIdempotentRequests(clock)

    async def add(key: int, ago: timedelta) -> None:
        requests.by_key[str(key)] = (user.id, clock.now() - ago)

    async def keys() -> list[int]:
        return sorted(map(int, requests.by_key))

    return Store(FakeRequestHistory(requests), add, keys)


def sql_store(container: Container, user: User) -> Store:
    async def add(key: int, ago: timedelta) -> None:
        async with container.database.unit_of_work() as uow:
            await uow.users.add(
                replace(user, id=UUID(int=key), email=EmailAddress.parse(f"{key}@example.com"))
            )
            await uow.commit()
        row = insert(idempotent_requests).values(
            key_hash=key.to_bytes(32), user_id=UUID(int=key), created_at=func.now() - literal(ago)
        )
        async with container.database.engine().begin() as connection:
            await connection.execute(row)

    async def keys() -> list[int]:
        async with container.database.engine().connect() as connection:
            hashes = await connection.scalars(select(idempotent_requests.c.key_hash))
            return sorted(int.from_bytes(value) for value in hashes)

    return Store(SqlAlchemyRequestHistory(container.database.engine()), add, keys)


async def test_forgets_the_keys_whose_day_is_over(store: Store) -> None:
    await store.add(0, KEPT_FOR + LITTLE)
    await store.add(1, KEPT_FOR - LITTLE)

    assert await store.history.purge(at_most=10) == 1

    assert await store.keys() == [1]


async def test_forgets_no_more_at_once_than_it_is_told(store: Store) -> None:
    for key in range(3):
        await store.add(key, 2 * KEPT_FOR)

    purged = [await store.history.purge(at_most=2) for _ in range(3)]

    assert purged == [2, 1, 0]
    assert await store.keys() == []
