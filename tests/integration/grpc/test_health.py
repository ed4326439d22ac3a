import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from tests.support.grpc_door import ServedDoor, served
from tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING
SERVICES = ["", "user.UserService", "admin.v1.AdminService"]


@pytest.fixture
def proxy(settings: Settings) -> Iterator[Proxy]:
    proxy = Proxy(settings.database_url)
    with proxy.running():
        yield proxy


@pytest.fixture
async def container(settings: Settings, proxy: Proxy) -> AsyncIterator[Container]:
    container = Container(settings=settings.model_copy(update={"database_url": proxy.url}))
    async with open_resources(container):
        yield container


def health_of(channel: grpc.aio.Channel) -> Any:
    """The types of the package do not have its methods."""
    return HealthStub(channel)


async def statuses(channel: grpc.aio.Channel) -> list[int]:
    health = health_of(channel)
    return [(await health.Check(HealthCheckRequest(service=name))).status for name in SERVICES]


async def test_serves_while_postgres_is_there(
    door: ServedDoor, channel: grpc.aio.Channel, proxy: Proxy
) -> None:
    before = await statuses(channel)
    proxy.refuse()
    await door.server.health.update()
    without = await statuses(channel)
    proxy.heal()
    await door.server.health.update()

    assert before == [SERVING] * 3
    assert without == [NOT_SERVING] * 3
    assert await statuses(channel) == [SERVING] * 3


async def test_starts_without_postgres(container: Container, proxy: Proxy) -> None:
    proxy.refuse()

    async with served(container) as door, grpc.aio.insecure_channel(door.address) as channel:
        assert await statuses(channel) == [NOT_SERVING] * 3


async def test_a_client_that_watches_learns_of_the_end(door: ServedDoor, channel: grpc.aio.Channel) -> None:
    watch = health_of(channel).Watch(HealthCheckRequest(service="user.UserService"))
    first = await watch.read()
    await door.server.health.stop()
    last = await watch.read()

    async with asyncio.timeout(30):
        await door.server.stop()

    assert (first.status, last.status) == (SERVING, NOT_SERVING)


async def test_does_not_know_other_services(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await health_of(channel).Check(HealthCheckRequest(service="billing.Service"))

    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
