"""The methods for administrators, and who may call them."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.grpc.generated.user import user_pb2
from internal.infrastructure.grpc.generated.user.user_pb2 import (
    DeleteUserRequest,
    GetUserRequest,
    ListUsersRequest,
    UpdateUserRequest,
)
from internal.ports.security_event_log import EventFilter
from tests.support.accounts import Account, stored_account
from tests.support.grpc_door import answer_to, bearer, failure

if TYPE_CHECKING:
    from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceAsyncStub

pytestmark = pytest.mark.anyio

Method = Callable[["UserServiceAsyncStub", str, Any], Awaitable[Any]]
METHODS: dict[str, Method] = {
    "GetUser": lambda users, user_id, given: users.GetUser(GetUserRequest(id=user_id), metadata=given),
    "ListUsers": lambda users, _, given: users.ListUsers(ListUsersRequest(), metadata=given),
    "UpdateUser": lambda users, user_id, given: users.UpdateUser(
        UpdateUserRequest(id=user_id, name="Grace"), metadata=given
    ),
    "DeleteUser": lambda users, user_id, given: users.DeleteUser(
        DeleteUserRequest(id=user_id), metadata=given
    ),
}
NOBODY = "d2cf3848-badb-4582-be9e-98eb8a9f94c3"
FOR_VIEWERS = {"GetUser", "ListUsers"}


@pytest.fixture
async def admin(container: Container) -> Account:
    return await stored_account(container, role=Role.ADMIN)


@pytest.fixture
async def ada(container: Container) -> Account:
    return await stored_account(container, email="ada@example.com", name="Ada Lovelace")


@pytest.mark.parametrize("method", METHODS)
async def test_a_role_may_call_what_it_may_at_http(
    users: "UserServiceAsyncStub", container: Container, ada: Account, method: str
) -> None:
    call = METHODS[method]
    viewer = await stored_account(container, role=Role.VIEWER)
    admin = await stored_account(container, role=Role.ADMIN)
    refused = {"user": ada.token} | ({} if method in FOR_VIEWERS else {"viewer": viewer.token})

    statuses = [(await failure(call(users, str(ada.id), bearer(token)))).status for token in refused.values()]

    assert statuses == [grpc.StatusCode.PERMISSION_DENIED] * len(refused)
    if method in FOR_VIEWERS:
        assert await call(users, str(ada.id), bearer(viewer.token))
    assert await call(users, str(ada.id), bearer(admin.token))


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), "MISSING_TOKEN"),
        ((("authorization", "Basic YWRhOmFkYQ=="),), "MISSING_TOKEN"),
        ((("authorization", "Bearer"),), "MISSING_TOKEN"),
        ((("authorization", "Bearer forged"),), "INVALID_TOKEN"),
        ((("authorization", "Bearer one"), ("authorization", "Bearer two")), "INVALID_TOKEN"),
    ],
)
async def test_asks_for_one_valid_token(users: "UserServiceAsyncStub", metadata: Any, code: str) -> None:
    refused = await failure(users.ListUsers(ListUsersRequest(), metadata=metadata))

    assert (refused.status, refused.code) == (grpc.StatusCode.UNAUTHENTICATED, code)


async def test_a_denial_is_a_security_event(
    users: "UserServiceAsyncStub", container: Container, ada: Account
) -> None:
    await failure(users.ListUsers(ListUsersRequest(), metadata=bearer(ada.token)))

    events = await container.database.security_event_log().page(
        EventFilter(subject_id=ada.id), size=10, cursor=None
    )
    assert [(each.name, each.details) for each in events.events] == [
        ("auth.denied", {"permission": "users:view"})
    ]


async def test_reads_a_message_only_of_those_who_may_call(
    channel: grpc.aio.Channel,
) -> None:
    refused = await failure(answer_to(channel, "/user.UserService/GetUser", b"\xff"))

    assert refused.code == "MISSING_TOKEN"


async def test_shows_a_user(users: "UserServiceAsyncStub", admin: Account, ada: Account) -> None:
    user = await users.GetUser(GetUserRequest(id=str(ada.id)), metadata=bearer(admin.token))

    assert (user.id, user.email, user.name) == (str(ada.id), "ada@example.com", "Ada Lovelace")
    assert user.created_at.ToDatetime(tzinfo=ada.user.created_at.tzinfo) == ada.user.created_at


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"ListUsers"}))
@pytest.mark.parametrize("user_id", [NOBODY, "", "ada", f"{{{NOBODY}}}"])
async def test_does_not_find_a_user_that_nobody_is(
    users: "UserServiceAsyncStub", admin: Account, method: str, user_id: str
) -> None:
    refused = await failure(METHODS[method](users, user_id, bearer(admin.token)))

    assert (refused.status, refused.code) == (grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND")


async def test_renames_a_user(users: "UserServiceAsyncStub", admin: Account, ada: Account) -> None:
    request = UpdateUserRequest(id=str(ada.id), name="Countess of Lovelace")

    renamed = await users.UpdateUser(request, metadata=bearer(admin.token))

    assert renamed.name == "Countess of Lovelace"
    assert renamed == await users.GetUser(GetUserRequest(id=str(ada.id)), metadata=bearer(admin.token))


async def test_deletes_a_user_but_not_oneself(
    users: "UserServiceAsyncStub", admin: Account, ada: Account
) -> None:
    deleted = await users.DeleteUser(DeleteUserRequest(id=str(ada.id)), metadata=bearer(admin.token))
    refused = await failure(
        users.DeleteUser(DeleteUserRequest(id=str(admin.id)), metadata=bearer(admin.token))
    )

    assert (deleted.success, deleted.message) == (True, "User deleted successfully")
    assert (refused.status, refused.code) == (grpc.StatusCode.FAILED_PRECONDITION, "OWN_ACCOUNT")


async def test_lists_users_by_page_and_by_cursor(
    users: "UserServiceAsyncStub", container: Container, admin: Account
) -> None:
    for number in range(3):
        await stored_account(container, email=f"{number}@example.com", name="Lady Ada")
    by_email = ListUsersRequest(q="lady ex", limit=2, sort=user_pb2.USER_ORDER_BY_EMAIL)

    first = await users.ListUsers(by_email, metadata=bearer(admin.token))
    by_email.cursor = first.next_cursor
    second = await users.ListUsers(by_email, metadata=bearer(admin.token))

    assert (first.total, first.page, first.limit) == (3, 1, 2)
    assert (second.total, second.page, second.limit) == (0, 0, 2)
    assert [user.email for user in [*first.users, *second.users]] == [
        "0@example.com",
        "1@example.com",
        "2@example.com",
    ]
    assert second.next_cursor == ""


async def test_filters_users(users: "UserServiceAsyncStub", container: Container, admin: Account) -> None:
    disabled = await stored_account(container, is_disabled=True)

    admins = await users.ListUsers(ListUsersRequest(role=user_pb2.ROLE_ADMIN), metadata=bearer(admin.token))
    sleeping = await users.ListUsers(
        ListUsersRequest(state=user_pb2.USER_STATE_DISABLED), metadata=bearer(admin.token)
    )

    assert [user.id for user in admins.users] == [str(admin.id)]
    assert [(user.id, user.is_active) for user in sleeping.users] == [(str(disabled.id), False)]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (ListUsersRequest(limit=101), "limit"),
        (ListUsersRequest(limit=-1), "limit"),
        (ListUsersRequest(page=-1), "page"),
        (ListUsersRequest(page=1, cursor="x"), "page"),
        (ListUsersRequest(cursor="x"), "cursor"),
        (ListUsersRequest(q="\x00"), "q"),
        (ListUsersRequest(role=99), "role"),  # type: ignore[arg-type]  # of a newer client
        (ListUsersRequest(state=-1), "state"),  # type: ignore[arg-type]  # as above
        (ListUsersRequest(sort=7), "sort"),  # type: ignore[arg-type]  # as above
    ],
)
async def test_refuses_a_list_that_makes_no_sense(
    users: "UserServiceAsyncStub", admin: Account, request_: ListUsersRequest, field: str
) -> None:
    refused = await failure(users.ListUsers(request_, metadata=bearer(admin.token)))

    assert refused.status is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.violations.keys() == {field}
