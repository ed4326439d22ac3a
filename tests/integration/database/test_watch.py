"""Which failures mean that this process was cut off from Postgres."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.engine import translated_outages
from internal.ports.unavailable import Unavailable
from tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

LEASE = timedelta(seconds=1)
WITHIN = 10  # seconds


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    with Proxy(database_url).running() as proxy:
        yield proxy


@pytest.fixture
async def behind(settings: Settings, proxy: Proxy) -> AsyncIterator[Container]:
    """Reaches Postgres through the proxy."""
    limits = {"database_pool_size": 1, "database_statement_timeout": 1.0}
    container = Container(settings=settings.model_copy(update={"database_url": proxy.url, **limits}))
    async with open_resources(container):
        yield container
        await container.database.watch().close()


async def failure_of_claim(container: Container) -> Unavailable:
    with pytest.raises(Unavailable) as failed:
        await container.database.idempotency().claim("task-1", LEASE)
    return failed.value


async def failure_of(container: Container, statement: str) -> Unavailable:
    with pytest.raises(Unavailable) as failed, translated_outages():
        async with container.database.engine().connect() as connection:
            await connection.execute(text(statement))
    return failed.value


def set_read_only(database_url: str, *, is_on: bool) -> None:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("SET default_transaction_read_only = off")
        admin.execute(f"ALTER DATABASE {admin.info.dbname} SET default_transaction_read_only = {is_on}")


async def test_postgres_that_refuses_explains_a_failure(behind: Container, proxy: Proxy) -> None:
    since = time.monotonic()
    proxy.refuse()

    assert await behind.database.watch().explains(await failure_of_claim(behind), since=since)


async def test_postgres_that_falls_silent_explains_a_failure(behind: Container, proxy: Proxy) -> None:
    since = time.monotonic()
    proxy.is_deaf = proxy.is_mute = True

    assert await behind.database.watch().explains(await failure_of_claim(behind), since=since)


async def test_a_connection_that_breaks_explains_a_failure_although_postgres_is_back(
    behind: Container, database_url: str
) -> None:
    since = time.monotonic()
    end_all = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    sleeping = asyncio.create_task(failure_of(behind, "SELECT pg_sleep(30)"))
    await asyncio.sleep(0.3)
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(end_all)

    assert await behind.database.watch().explains(await sleeping, since=since)


async def test_a_statement_that_takes_too_long_is_explained_by_nothing(behind: Container) -> None:
    since = time.monotonic()

    error = await failure_of(behind, "SELECT pg_sleep(30)")

    assert not await behind.database.watch().explains(error, since=since)


async def test_a_pool_that_is_in_use_is_explained_by_nothing(behind: Container) -> None:
    since = time.monotonic()

    async with behind.database.engine().connect():
        error = await failure_of_claim(behind)

        assert not await behind.database.watch().explains(error, since=since)


async def test_an_outage_that_is_over_explains_only_what_ran_during_it(
    behind: Container, proxy: Proxy
) -> None:
    before = time.monotonic()
    proxy.refuse()
    await behind.database.watch().explains(Unavailable(), since=before)
    proxy.heal()
    after = time.monotonic()

    assert await behind.database.watch().explains(Unavailable(), since=before)
    assert not await behind.database.watch().explains(Unavailable(), since=after)


@pytest.fixture
async def told(behind: Container) -> AsyncIterator[asyncio.Queue[bool]]:
    """What a running watch tells."""
    told: asyncio.Queue[bool] = asyncio.Queue()
    watching = asyncio.create_task(behind.database.watch().run(told.put_nowait))
    yield told
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_tells_when_postgres_is_away_and_when_it_is_back(
    told: asyncio.Queue[bool], proxy: Proxy
) -> None:
    proxy.refuse()
    assert await asyncio.wait_for(told.get(), WITHIN) is True

    proxy.heal()
    assert await asyncio.wait_for(told.get(), WITHIN) is False


async def test_a_postgres_that_is_read_only_is_away(
    told: asyncio.Queue[bool], proxy: Proxy, database_url: str
) -> None:
    set_read_only(database_url, is_on=True)
    proxy.cut()
    assert await asyncio.wait_for(told.get(), WITHIN) is True

    set_read_only(database_url, is_on=False)
    proxy.cut()
    assert await asyncio.wait_for(told.get(), WITHIN) is False
