"""The gRPC server of a container on a socket, and what its clients see."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import grpc
import grpc.aio
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from grpc_status import rpc_status

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.grpc.serve import grpc_server_of
from internal.infrastructure.bootstrap.lifespan import database_passes
from internal.infrastructure.grpc.server import GrpcServer
from internal.ports.unavailable import Unavailable


@dataclass(frozen=True)
class ServedDoor:
    server: GrpcServer
    address: str


@asynccontextmanager
async def served(container: Container) -> AsyncIterator[ServedDoor]:
    """A server on a free port. It is ready while Postgres is."""

    async def is_ready() -> bool:
        try:
            return await database_passes(container)
        except Unavailable:
            return False

    server = grpc_server_of(container, is_ready=is_ready)
    port = await server.start("127.0.0.1:0")
    try:
        yield ServedDoor(server, f"127.0.0.1:{port}")
    finally:
        await server.stop()


@dataclass(frozen=True)
class Failed:
    """A failed call, with the details that it has."""

    status: grpc.StatusCode
    text: str
    code: str
    violations: Mapping[str, Sequence[str]]
    retry_after: timedelta | None


def failed(error: grpc.aio.AioRpcError) -> Failed:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it has what the function asks of a call
    assert status is not None
    info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
    for detail in status.details:
        for message in (info, bad, retry):
            detail.Unpack(message)
    violations: dict[str, list[str]] = {}
    for violation in bad.field_violations:
        violations.setdefault(violation.field, []).append(violation.description)
    return Failed(
        status=error.code(),
        text=status.message,
        code=info.reason,
        violations=violations,
        retry_after=retry.retry_delay.ToTimedelta() if retry.HasField("retry_delay") else None,
    )


async def answer_to(
    channel: grpc.aio.Channel, method: str, body: bytes, *, metadata: Sequence[tuple[str, str]] = ()
) -> bytes:
    """Send any bytes to a method, and return those of its answer."""
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
    return await call(body, metadata=tuple(metadata))


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call with a token."""
    return (("authorization", f"Bearer {token}"),)


async def failure(call: Awaitable[object]) -> Failed:
    """The failure of a call, which must not succeed."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return failed(error)
    raise AssertionError("the call succeeded")
