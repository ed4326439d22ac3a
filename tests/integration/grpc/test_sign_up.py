import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import httpx
import pytest
from sqlalchemy import Row, func, select

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.database.tables import users as users_table
from internal.infrastructure.grpc.generated.user.user_pb2 import (
    ROLE_USER,
    CreateUserRequest,
    LoginRequest,
    LoginResponse,
)
from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceStub
from tests.support.grpc_door import answer_to, failed, failure, served
from tests.support.shared_application import shared_app_of

if TYPE_CHECKING:
    from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceAsyncStub

pytestmark = pytest.mark.anyio

ADA = CreateUserRequest(email="Ada@Example.com", name="Ada Lovelace", password="correct horse")
USERS_OWN = {"id", "email", "password_hash", "created_at", "updated_at"}
TASKS_OWN = {"id", "payload", "subject_id", "created_at", "next_try_at", "forwarded_at", "claimed_until"}
KEY = (("idempotency-key", "checkout-7"),)


def without(row: Row[Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row._asdict().items() if name not in names}


async def count_users(container: Container) -> int:
    async with container.database.engine().connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(users_table)) or 0)


async def test_answers_with_the_tokens_and_the_user(users: "UserServiceAsyncStub") -> None:
    answer = await users.CreateUser(ADA)

    assert answer.token.count(".") == 2
    assert answer.refresh_token
    assert answer.expires_in == 900
    assert (answer.user.email, answer.user.name) == ("ada@example.com", "Ada Lovelace")
    assert (answer.user.is_active, answer.user.is_verified, answer.user.role) == (True, False, ROLE_USER)
    assert answer.user.created_at == answer.user.updated_at
    assert answer.user.created_at.seconds > 0


async def test_stores_what_a_sign_up_over_http_stores(
    users: "UserServiceAsyncStub", container: Container
) -> None:
    await users.CreateUser(ADA)
    eve = {"email": "eve@example.com", "name": "Ada Lovelace", "password": "correct horse"}
    transport = httpx.ASGITransport(shared_app_of(container))  # type: ignore[arg-type]  # as in http/conftest.py
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await client.post("/api/v1/auth/register", json=eve)

    async with container.database.engine().connect() as connection:
        stored = (await connection.execute(select(users_table).order_by(users_table.c.email))).all()
        tasks = (await connection.execute(select(outbox).order_by(outbox.c.created_at))).all()
    by_grpc, by_http = stored
    assert without(by_grpc, USERS_OWN) == without(by_http, USERS_OWN)
    assert without(tasks[0], TASKS_OWN) == without(tasks[1], TASKS_OWN)
    assert tasks[0].task_name == "email:welcome"
    assert [task.payload for task in tasks] == [{"user_id": str(user.id)} for user in stored]


async def test_refuses_an_address_that_is_taken(users: "UserServiceAsyncStub", container: Container) -> None:
    await users.CreateUser(ADA)

    refused = await failure(users.CreateUser(ADA))

    assert (refused.status, refused.code) == (grpc.StatusCode.ALREADY_EXISTS, "EMAIL_ALREADY_REGISTERED")
    assert await count_users(container) == 1


async def test_names_every_invalid_field(users: "UserServiceAsyncStub", container: Container) -> None:
    refused = await failure(users.CreateUser(CreateUserRequest()))

    assert (refused.status, refused.code) == (grpc.StatusCode.INVALID_ARGUMENT, "VALIDATION_ERROR")
    assert refused.violations.keys() == {"email", "name", "password"}
    assert await count_users(container) == 0


@pytest.mark.parametrize(
    "body", [b"\xff", b"\x0a\x05ab", b"\x0a\x02\xc3\x28"], ids=["tag", "length", "UTF-8"]
)
async def test_refuses_a_message_that_is_not_one(channel: grpc.aio.Channel, body: bytes) -> None:
    refused = await failure(answer_to(channel, "/user.UserService/CreateUser", body))

    assert (refused.status, refused.code) == (grpc.StatusCode.INVALID_ARGUMENT, "BAD_REQUEST")


async def test_ignores_fields_of_a_newer_client(channel: grpc.aio.Channel) -> None:
    newer = ADA.SerializeToString() + b"\xba\x3e\x03new"

    answer = await answer_to(channel, "/user.UserService/CreateUser", newer)

    assert LoginResponse.FromString(answer).user.name == ADA.name


async def test_a_repeated_sign_up_with_a_key_returns_the_same_user(
    users: "UserServiceAsyncStub", container: Container
) -> None:
    answers = [await users.CreateUser(ADA, metadata=KEY) for _ in range(2)]

    assert answers[0].user == answers[1].user
    assert answers[0].token != answers[1].token
    assert await count_users(container) == 1


async def test_refuses_a_key_that_another_sign_up_has_used(users: "UserServiceAsyncStub") -> None:
    await users.CreateUser(ADA, metadata=KEY)
    other = CreateUserRequest(email="eve@example.com", name="Eve", password="correct horse")

    refused = await failure(users.CreateUser(other, metadata=KEY))

    assert (refused.status, refused.code) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("keys", [[""], ["with space"], ["one", "two"], ['"']])
async def test_refuses_a_malformed_key(
    users: "UserServiceAsyncStub", container: Container, keys: list[str]
) -> None:
    metadata = [("idempotency-key", key) for key in keys]

    refused = await failure(users.CreateUser(ADA, metadata=metadata))

    assert (refused.status, refused.code) == (grpc.StatusCode.INVALID_ARGUMENT, "BAD_REQUEST")
    assert await count_users(container) == 0


async def test_one_of_fifty_simultaneous_sign_ups_with_one_address_passes(
    users: "UserServiceAsyncStub", container: Container
) -> None:
    answers = await asyncio.gather(*(users.CreateUser(ADA) for _ in range(50)), return_exceptions=True)

    refused = [failed(each).code for each in answers if isinstance(each, grpc.aio.AioRpcError)]
    assert refused == ["EMAIL_ALREADY_REGISTERED"] * 49
    assert await count_users(container) == 1


async def test_shares_its_limits_with_http(settings: Settings) -> None:
    container = Container(
        settings=settings.model_copy(
            update={"rate_limit_sign_ups_per_client": "1/hour", "trusted_proxies": "127.0.0.1"}
        )
    )
    address = "198.51.100.1"
    eve = {"email": "eve@example.com", "name": "Eve", "password": "correct horse"}
    transport = httpx.ASGITransport(shared_app_of(container))  # type: ignore[arg-type]  # as in http/conftest.py
    async with (
        open_resources(container),
        served(container) as door,
        grpc.aio.insecure_channel(door.address) as channel,
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
    ):
        users = UserServiceStub(channel)
        await client.post("/api/v1/auth/register", json=eve, headers={"X-Forwarded-For": address})

        limited = await failure(users.CreateUser(ADA, metadata=(("x-forwarded-for", address),)))
        other = await users.CreateUser(ADA, metadata=(("x-forwarded-for", "198.51.100.2"),))

    assert (limited.status, limited.code) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
    assert limited.retry_after is not None
    assert 0 < limited.retry_after.total_seconds() <= 3600
    assert other.user.email == "ada@example.com"


async def test_logs_in(users: "UserServiceAsyncStub") -> None:
    created = await users.CreateUser(ADA)

    answer = await users.Login(LoginRequest(email="ADA@example.com", password=ADA.password))
    refused = await failure(users.Login(LoginRequest(email="ada@example.com", password="wrong horse")))

    assert answer.user == created.user
    assert answer.refresh_token != created.refresh_token
    assert (refused.status, refused.code) == (grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS")
