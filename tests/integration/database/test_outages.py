import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import psycopg
import pytest

from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.engine import PING_AFTER
from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.process import free_port
from internal.ports.unavailable import Unavailable

pytestmark = pytest.mark.anyio

ANSWER_WITHIN = 3  # seconds


@pytest.fixture
async def cut_off(absent_port: int) -> AsyncIterator[Container]:
    absent = f"postgresql://nobody:secret@127.0.0.1:{absent_port}/nothing"
    container = Container(settings=Settings(database_url=absent))
    async with open_resources(container):
        yield container


async def enter_unit_of_work(container: Container) -> None:
    async with container.database.unit_of_work():
        pass


async def claim(container: Container) -> None:
    await container.database.idempotency().claim("task-1", timedelta(seconds=1))


async def complete(container: Container) -> None:
    await container.database.idempotency().complete("task-1")


async def check_schema(container: Container) -> None:
    await container.database.schema_version().is_current()


async def sweep(container: Container) -> None:
    await container.database.outbox_relay().sweep()


@pytest.mark.parametrize(
    ("absent_port", "use"),
    [
        ("refuses", enter_unit_of_work),
        ("refuses", claim),
        ("refuses", complete),
        ("refuses", check_schema),
        ("refuses", sweep),
        ("does not answer", enter_unit_of_work),
    ],
    indirect=["absent_port"],
)
async def test_an_absent_postgres_is_unavailable_at_once(
    cut_off: Container, use: Callable[[Container], Awaitable[None]]
) -> None:
    started = time.monotonic()

    with pytest.raises(Unavailable):
        await use(cut_off)

    assert time.monotonic() - started < ANSWER_WITHIN


def test_migrating_an_absent_postgres_says_that_it_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        upgrade_to_head(f"postgresql://nobody:secret@127.0.0.1:{free_port()}/nothing")


async def test_a_pool_that_stays_empty_is_unavailable(settings: Settings, ada: User) -> None:
    container = Container(settings=settings.model_copy(update={"database_pool_size": 1}))

    async with open_resources(container), container.database.unit_of_work() as holder:
        await holder.users.add(ada)
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await enter_unit_of_work(container)

    assert time.monotonic() - started < ANSWER_WITHIN


def end_connections(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def add_and_lose_the_connection(container: Container, user: User, database_url: str) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.users.add(user)
        end_connections(database_url)
        await uow.commit()


async def test_a_connection_lost_before_the_commit_is_unavailable(
    container: Container, ada: User, database_url: str
) -> None:
    with pytest.raises(Unavailable):
        await add_and_lose_the_connection(container, ada, database_url)

    async with container.database.unit_of_work() as uow:
        assert await uow.users.get(ada.id) is None


async def test_connections_lost_while_nobody_used_them_are_replaced(
    container: Container, ada: User, database_url: str
) -> None:
    await enter_unit_of_work(container)
    await check_schema(container)
    end_connections(database_url)
    await asyncio.sleep(1.5 * PING_AFTER)

    async with container.database.unit_of_work() as uow:
        assert await uow.users.get(ada.id) is None


async def test_a_database_that_is_read_only_is_an_outage(
    container: Container, database_url: str, ada: User
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET default_transaction_read_only = on")

    with pytest.raises(Unavailable):
        async with container.database.unit_of_work() as uow:
            await uow.users.add(ada)
