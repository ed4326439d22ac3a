"""A call that takes too long is given up everywhere, also in Postgres."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.grpc.generated.user.user_pb2 import LoginRequest
from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceStub
from tests.support.grpc_door import failure, served

if TYPE_CHECKING:
    from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceAsyncStub

pytestmark = pytest.mark.anyio

ADA = LoginRequest(email="ada@example.com", password="correct horse")
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
GIVEN_UP_WITHIN = 30  # seconds; longer than Postgres itself lets a statement run here


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"database_statement_timeout": 600.0})


@asynccontextmanager
async def nobody_reads_users(container: Container) -> AsyncIterator[None]:
    async with container.database.engine().connect() as connection:
        await connection.execute(text("LOCK TABLE users"))
        yield
        await connection.rollback()


async def await_waiting(container: Container, *, count: int) -> None:
    async with asyncio.timeout(GIVEN_UP_WITHIN), container.database.engine().connect() as connection:
        while await connection.scalar(WAITING) != count:
            await connection.rollback()
            await asyncio.sleep(0.05)


async def test_an_expired_deadline_ends_the_statement(
    users: "UserServiceAsyncStub", container: Container
) -> None:
    with capture_logs() as logs:
        async with nobody_reads_users(container):
            with pytest.raises(grpc.aio.AioRpcError) as late:
                await users.Login(ADA, timeout=0.5)

            await await_waiting(container, count=0)

    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert [entry["status"] for entry in logs if entry["event"] == "grpc.request"] == ["DEADLINE_EXCEEDED"]


async def test_a_cancelled_call_ends_the_statement(
    users: "UserServiceAsyncStub", container: Container
) -> None:
    with capture_logs() as logs:
        async with nobody_reads_users(container):
            call = users.Login(ADA)
            await await_waiting(container, count=1)

            call.cancel()

            await await_waiting(container, count=0)

    assert [entry["status"] for entry in logs if entry["event"] == "grpc.request"] == ["CANCELLED"]


async def test_a_call_without_a_deadline_gets_one(settings: Settings) -> None:
    container = Container(settings=settings.model_copy(update={"grpc_call_timeout": 0.5}))
    async with (
        open_resources(container),
        served(container) as door,
        grpc.aio.insecure_channel(door.address) as channel,
        nobody_reads_users(container),
    ):
        late = await failure(UserServiceStub(channel).Login(ADA))

        await await_waiting(container, count=0)

    assert (late.status, late.code) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")


async def test_serves_on_after_many_calls_were_given_up(
    users: "UserServiceAsyncStub", container: Container
) -> None:
    pool = container.settings().database_pool_size
    async with nobody_reads_users(container):
        await asyncio.gather(*(users.Login(ADA, timeout=1) for _ in range(3 * pool)), return_exceptions=True)

    assert (await failure(users.Login(ADA))).code == "INVALID_CREDENTIALS"
