"""A Postgres that says nothing, with its connections open: only our side can notice."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.pool import AsyncAdaptedQueuePool

from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.engine import PING_AFTER, PING_WITHIN
from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.ports.unavailable import Unavailable
from tests.support.process_family import frozen

pytestmark = pytest.mark.anyio

STATEMENT = 2.0  # seconds
POOL = 3


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), password=token_hex(), durable=False)
    try:
        upgrade_to_head(server.start())
        yield server
    finally:
        server.destroy()


@pytest.fixture
async def container(
    own_postgres: EmbeddedPostgres, redis_url: str, tmp_path: Path
) -> AsyncIterator[Container]:
    settings = Settings(
        database_url=own_postgres.url,
        database_pool_size=POOL,
        database_statement_timeout=STATEMENT,
        redis_url=redis_url,
        mail_url=tmp_path.as_uri(),
    )
    container = Container(settings=settings)
    async with open_resources(container):
        await fill_pool(container)
        yield container


async def fill_pool(container: Container) -> None:
    connections = [await container.database.engine().connect() for _ in range(POOL)]
    for connection in connections:
        await connection.execute(text("SELECT 1"))
        await connection.close()


async def works(container: Container) -> bool:
    """Whether every place of the pool can be used at once."""
    await asyncio.wait_for(fill_pool(container), 2 * STATEMENT)
    pool = container.database.engine().pool
    assert isinstance(pool, AsyncAdaptedQueuePool)
    return pool.checkedout() == 0


def pid_of(server: EmbeddedPostgres) -> int:
    assert server.pid
    return server.pid


async def look_up(container: Container) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.users.get(uuid4())


async def commit(container: Container, ada: User, postgres: EmbeddedPostgres) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.users.add(ada)
        with frozen(pid_of(postgres)):
            await uow.commit()


async def test_a_statement_is_given_up(container: Container, own_postgres: EmbeddedPostgres) -> None:
    started = time.monotonic()

    with frozen(pid_of(own_postgres)):
        answers = await asyncio.gather(*(look_up(container) for _ in range(3 * POOL)), return_exceptions=True)
        took = time.monotonic() - started

    assert {type(answer) for answer in answers} == {Unavailable}
    assert took < STATEMENT + 0.5
    assert await works(container)


async def test_a_commit_is_given_up(container: Container, own_postgres: EmbeddedPostgres, ada: User) -> None:
    started = time.monotonic()

    with pytest.raises(Unavailable):
        await commit(container, ada, own_postgres)

    assert time.monotonic() - started < STATEMENT + 0.5
    assert await works(container)


async def test_a_rollback_is_given_up(container: Container, own_postgres: EmbeddedPostgres) -> None:
    started = time.monotonic()
    uow = await container.database.unit_of_work().__aenter__()
    await uow.users.get(uuid4())

    with frozen(pid_of(own_postgres)), pytest.raises(Unavailable):
        await uow.__aexit__(None, None, None)

    assert time.monotonic() - started < STATEMENT + 0.5
    assert await works(container)


async def test_what_needs_no_unit_of_work_is_given_up_too(
    container: Container, own_postgres: EmbeddedPostgres
) -> None:
    started = time.monotonic()

    with frozen(pid_of(own_postgres)), pytest.raises(Unavailable):
        await container.database.idempotency().claim("task-1", timedelta(seconds=1))

    assert time.monotonic() - started < STATEMENT + 1
    assert await works(container)


async def test_idle_connections_that_do_not_answer_are_replaced_soon(
    container: Container, own_postgres: EmbeddedPostgres
) -> None:
    await asyncio.sleep(1.1 * PING_AFTER)
    looking = asyncio.create_task(look_up(container))
    with frozen(pid_of(own_postgres)):
        await asyncio.sleep(1.2 * PING_WITHIN)

    await asyncio.wait_for(looking, 1)  # by a new connection, once there is one to be had

    assert await works(container)


async def test_who_is_cancelled_does_not_wait(container: Container, own_postgres: EmbeddedPostgres) -> None:
    with frozen(pid_of(own_postgres)):
        looking = asyncio.create_task(look_up(container))
        await asyncio.sleep(0.1)
        looking.cancel()
        done, _ = await asyncio.wait([looking], timeout=0.5)

    assert done == {looking}
    assert looking.cancelled()
    assert await works(container)
