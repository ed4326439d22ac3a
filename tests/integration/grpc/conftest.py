from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import grpc.aio
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceStub
from tests.support.grpc_door import ServedDoor, served

if TYPE_CHECKING:
    from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceAsyncStub


@pytest.fixture
async def door(container: Container) -> AsyncIterator[ServedDoor]:
    """The gRPC server, on real Postgres and Redis, on a port of its own."""
    async with served(container) as door:
        yield door


@pytest.fixture
async def channel(door: ServedDoor) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(door.address) as channel:
        yield channel


@pytest.fixture
def users(channel: grpc.aio.Channel) -> "UserServiceAsyncStub":
    return UserServiceStub(channel)
