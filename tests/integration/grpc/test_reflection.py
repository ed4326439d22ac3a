from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Environment, Settings
from tests.support.grpc_door import served

pytestmark = pytest.mark.anyio


async def ask(channel: grpc.aio.Channel, request: ServerReflectionRequest) -> ServerReflectionResponse:
    async def requests() -> AsyncIterator[ServerReflectionRequest]:
        yield request

    # The types of the packages for health and reflection are those of clients without asyncio.
    stub: Any = ServerReflectionStub(channel)  # type: ignore[arg-type]  # see above
    answers: list[ServerReflectionResponse] = [each async for each in stub.ServerReflectionInfo(requests())]
    return answers[0]


async def test_lists_the_services(channel: grpc.aio.Channel) -> None:
    answer = await ask(channel, ServerReflectionRequest(list_services=""))

    assert sorted(service.name for service in answer.list_services_response.service) == [
        "account.v1.AccountService",
        "account.v1.EmailLinkService",
        "account.v1.SessionService",
        "admin.v1.AdminService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "user.UserService",
    ]


async def test_describes_a_service(channel: grpc.aio.Channel) -> None:
    symbol = "user.UserService"

    answer = await ask(channel, ServerReflectionRequest(file_containing_symbol=symbol))

    assert any(b"CreateUserRequest" in file for file in answer.file_descriptor_response.file_descriptor_proto)


@pytest.mark.parametrize(
    ("environment", "reflection", "code"),
    [
        (Environment.PRODUCTION, None, grpc.StatusCode.UNIMPLEMENTED),
        (Environment.PRODUCTION, True, None),
        (Environment.TEST, False, grpc.StatusCode.UNIMPLEMENTED),
    ],
)
async def test_a_setting_decides(
    settings: Settings,
    environment: Environment,
    reflection: bool | None,  # noqa: FBT001 - a parameter of the test
    code: grpc.StatusCode | None,
) -> None:
    container = Container(
        settings=settings.model_copy(update={"app_env": environment, "grpc_reflection": reflection})
    )
    found = None
    async with (
        open_resources(container),
        served(container) as door,
        grpc.aio.insecure_channel(door.address) as channel,
    ):
        try:
            await ask(channel, ServerReflectionRequest(list_services=""))
        except grpc.aio.AioRpcError as error:
            found = error.code()

    assert found is code
