import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.grpc.generated.user.user_pb2 import GetUserRequest, LoginRequest
from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceStub
from tests.support.accounts import stored_account
from tests.support.grpc_door import ServedDoor, bearer, failed, failure, served

if TYPE_CHECKING:
    from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceAsyncStub

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


async def test_answers_a_thousand_calls_at_once(settings: Settings) -> None:
    container = Container(settings=settings.model_copy(update={"database_pool_timeout": 60.0}))
    async with (
        open_resources(container),
        served(container) as door,
        grpc.aio.insecure_channel(door.address) as channel,
    ):
        admin = await stored_account(container, role=Role.ADMIN)
        users: UserServiceAsyncStub = UserServiceStub(channel)

        answers = await asyncio.gather(
            *(
                users.GetUser(GetUserRequest(id=str(admin.id)), metadata=bearer(admin.token), timeout=60)
                for _ in range(1000)
            )
        )

    assert {answer.id for answer in answers} == {str(admin.id)}


async def test_refuses_more_calls_than_it_answers_at_once(settings: Settings) -> None:
    container = Container(settings=settings.model_copy(update={"grpc_max_calls": 5}))
    async with (
        open_resources(container),
        served(container) as door,
        grpc.aio.insecure_channel(door.address) as channel,
    ):
        users: UserServiceAsyncStub = UserServiceStub(channel)
        log_in = LoginRequest(email="ada@example.com", password="correct horse")

        answers = await asyncio.gather(*(users.Login(log_in) for _ in range(100)), return_exceptions=True)

    failures = [failed(each) for each in answers if isinstance(each, grpc.aio.AioRpcError)]
    refused = [each for each in failures if each.code == "TOO_MANY_CALLS"]
    assert {each.code for each in failures} == {"TOO_MANY_CALLS", "INVALID_CREDENTIALS"}
    assert {each.status for each in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert all(each.retry_after for each in refused)


async def test_refuses_a_message_that_is_too_large(users: "UserServiceAsyncStub") -> None:
    largest = LoginRequest(email="ada@example.com", password="x" * (10 * MIB - 100))
    larger = LoginRequest(email="ada@example.com", password="x" * (10 * MIB))

    with pytest.raises(grpc.aio.AioRpcError) as wrong:
        await users.Login(largest)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await users.Login(larger)

    assert wrong.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_refuses_a_small_message_that_becomes_too_large(door: ServedDoor) -> None:
    larger = LoginRequest(email="ada@example.com", password="x" * (20 * MIB))
    unlimited = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(
        door.address, options=unlimited, compression=grpc.Compression.Gzip
    ) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await UserServiceStub(channel).Login(larger)

    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_calls_whose_message_does_not_come_take_no_place(settings: Settings) -> None:
    container = Container(settings=settings.model_copy(update={"grpc_max_calls": 5}))
    release = asyncio.Event()

    async def late_message() -> AsyncIterator[bytes]:
        await release.wait()
        yield b""

    async with (
        open_resources(container),
        served(container) as door,
        grpc.aio.insecure_channel(door.address) as channel,
    ):
        slow: grpc.aio.StreamUnaryMultiCallable[bytes, bytes] = channel.stream_unary(
            "/user.UserService/Login"
        )
        waiting = [slow(late_message()) for _ in range(50)]
        for call in waiting:
            await call.wait_for_connection()

        answer = await failure(UserServiceStub(channel).Login(LoginRequest(email="ada@example.com")))
        release.set()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert answer.code == "INVALID_CREDENTIALS"
