"""What a call leaves in the log and in its answer: its id, and nothing personal."""

from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import security_events
from internal.infrastructure.grpc.generated.user.user_pb2 import CreateUserRequest, LoginRequest
from tests.support.grpc_door import answer_to

if TYPE_CHECKING:
    from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceAsyncStub

pytestmark = pytest.mark.anyio

ADA = CreateUserRequest(email="ada@example.com", name="Ada Lovelace", password="correct horse")
REQUEST_ID = (("x-request-id", "checkout-7"),)


async def test_an_answer_has_the_id_of_the_request(users: "UserServiceAsyncStub") -> None:
    call = users.CreateUser(ADA, metadata=REQUEST_ID)
    await call

    assert ("x-request-id", "checkout-7") in list(await call.trailing_metadata())


async def test_a_failed_answer_has_it_too(users: "UserServiceAsyncStub") -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await users.CreateUser(CreateUserRequest(), metadata=REQUEST_ID)

    assert ("x-request-id", "checkout-7") in list(refused.value.trailing_metadata())


async def test_each_call_is_one_line_without_what_somebody_typed(users: "UserServiceAsyncStub") -> None:
    with capture_logs() as logs:
        await users.CreateUser(ADA)
        with pytest.raises(grpc.aio.AioRpcError):
            await users.Login(LoginRequest(email=ADA.email, password="wrong horse"))

    lines = [entry for entry in logs if entry["event"] == "grpc.request"]
    assert [(line["method"], line["status"]) for line in lines] == [
        ("/user.UserService/CreateUser", "OK"),
        ("/user.UserService/Login", "UNAUTHENTICATED"),
    ]
    assert not any(text in str(logs) for text in (ADA.email, ADA.name, ADA.password, "wrong horse"))


async def test_logs_no_method_that_somebody_made_up(channel: grpc.aio.Channel) -> None:
    with capture_logs() as logs, pytest.raises(grpc.aio.AioRpcError) as refused:
        await answer_to(channel, "/ada@example.com/Ada", b"")

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert logs == [
        {"event": "grpc.request", "log_level": "info", "method": "(unknown)", "status": "UNIMPLEMENTED"}
    ]


async def test_a_security_event_has_the_id_and_the_address(
    users: "UserServiceAsyncStub", container: Container
) -> None:
    await users.CreateUser(ADA, metadata=REQUEST_ID)

    async with container.database.engine().connect() as connection:
        event = (await connection.execute(select(security_events))).one()
    assert (event.request_id, str(event.address)) == ("checkout-7", "127.0.0.1")
    assert event.user_agent.startswith("grpc-python")
