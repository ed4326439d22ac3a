"""Statements that the driver runs itself: what the layers in between do for others must not be missing."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest
from psycopg import DataError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.direct_statement import DirectStatement
from internal.ports.unavailable import DatabaseUnreachable, Unavailable
from tests.support.round_trips import traffic

pytestmark = pytest.mark.anyio

WHO = DirectStatement(text("SELECT pg_backend_pid() AS pid"))
SLEEP = DirectStatement(text("SELECT pg_sleep(:seconds)"))
END_ITSELF = DirectStatement(text("SELECT pg_terminate_backend(pg_backend_pid())"))
FAILING = DirectStatement(text("SELECT 1 / 0"))
UNKNOWN_TABLE = DirectStatement(text("SELECT 1 FROM no_such_table"))


@pytest.fixture
def engine(container: Container) -> AsyncEngine:
    engine: AsyncEngine = container.database.engine()
    return engine


async def test_takes_one_round_trip(container: Container, engine: AsyncEngine) -> None:
    await WHO.alone(engine)

    with traffic(container) as seen:
        await WHO.alone(engine)

    assert (seen.round_trips, seen.statements) == (1, ["SELECT"])


async def test_a_lost_connection_is_an_outage_and_is_replaced(engine: AsyncEngine) -> None:
    [before] = await WHO.alone(engine)

    with pytest.raises(DatabaseUnreachable):
        await END_ITSELF.alone(engine)

    [after] = await WHO.alone(engine)
    assert after.pid != before.pid


async def test_a_cancelled_caller_leaves_a_usable_pool(engine: AsyncEngine) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await SLEEP.alone(engine, seconds=5)

    assert len(await WHO.alone(engine)) == 1
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # of a QueuePool


async def test_a_missing_table_is_an_outage(engine: AsyncEngine) -> None:
    with pytest.raises(Unavailable, match="the database schema is not at its head"):
        await UNKNOWN_TABLE.alone(engine)


@pytest.mark.parametrize("before", [WHO, FAILING], ids=["done", "failed"])
async def test_a_unit_of_work_after_it_has_a_transaction(
    container: Container, engine: AsyncEngine, before: DirectStatement
) -> None:
    [used] = await WHO.alone(engine)
    with suppress(DataError):
        await before.alone(engine)

    with traffic(container) as seen:
        async with container.database.unit_of_work() as uow:
            await uow.users.get(uuid4())

    assert seen.statements == ["BEGIN", "SELECT", "ROLLBACK"]
    assert await WHO.alone(engine) == [used]
