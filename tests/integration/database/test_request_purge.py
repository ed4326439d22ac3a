from datetime import timedelta

import pytest
from sqlalchemy import func, insert, literal, select

from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.idempotent_requests import KEPT_FOR, PURGE_BATCH
from internal.infrastructure.database.tables import idempotent_requests

pytestmark = pytest.mark.anyio

LITTLE = timedelta(minutes=1)


async def store(container: Container, user: User, *, ages: list[timedelta]) -> None:
    async with container.unit_of_work() as uow:
        await uow.users.add(user)
        await uow.commit()
    async with container.engine().begin() as connection:
        for number, age in enumerate(ages):
            row = insert(idempotent_requests).values(
                key_hash=number.to_bytes(32), user_id=user.id, created_at=func.now() - literal(age)
            )
            await connection.execute(row)


async def keys(container: Container) -> list[int]:
    async with container.engine().connect() as connection:
        hashes = await connection.scalars(select(idempotent_requests.c.key_hash))
        return sorted(int.from_bytes(value) for value in hashes)


async def test_deletes_the_keys_whose_day_is_over(container: Container, ada: User) -> None:
    await store(container, ada, ages=[KEPT_FOR + LITTLE, KEPT_FOR - LITTLE])

    assert await container.request_purge().purge() == 1

    assert await keys(container) == [1]


async def test_deletes_so_many_at_once(container: Container, ada: User) -> None:
    await store(container, ada, ages=[2 * KEPT_FOR] * (PURGE_BATCH + 1))
    purge = container.request_purge().purge

    assert [await purge(), await purge(), await purge()] == [PURGE_BATCH, 1, 0]
