from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.grpc.generated.account.v1 import security_event_pb2
from internal.infrastructure.grpc.generated.admin.v1 import admin_pb2
from internal.infrastructure.grpc.generated.admin.v1.admin_pb2_grpc import AdminServiceStub
from internal.infrastructure.grpc.generated.user import user_pb2
from tests.support.accounts import Account, stored_account
from tests.support.grpc_door import bearer, failure

if TYPE_CHECKING:
    from internal.infrastructure.grpc.generated.admin.v1.admin_pb2_grpc import AdminServiceAsyncStub

pytestmark = pytest.mark.anyio


@pytest.fixture
def administration(channel: grpc.aio.Channel) -> "AdminServiceAsyncStub":
    return AdminServiceStub(channel)


@pytest.fixture
async def admin(container: Container) -> Account:
    return await stored_account(container, role=Role.ADMIN)


@pytest.fixture
async def user(container: Container) -> Account:
    return await stored_account(container)


async def test_deactivates_and_activates_a_user(
    administration: "AdminServiceAsyncStub", admin: Account, user: Account
) -> None:
    given = bearer(admin.token)

    off = await administration.DeactivateUser(
        admin_pb2.DeactivateUserRequest(id=str(user.id)), metadata=given
    )
    on = await administration.ActivateUser(admin_pb2.ActivateUserRequest(id=str(user.id)), metadata=given)

    assert (off.user.is_active, on.user.is_active) == (False, True)


async def test_changes_a_role(administration: "AdminServiceAsyncStub", admin: Account, user: Account) -> None:
    request = admin_pb2.ChangeRoleRequest(id=str(user.id), role=user_pb2.ROLE_VIEWER)

    changed = await administration.ChangeRole(request, metadata=bearer(admin.token))

    assert changed.user.role == user_pb2.ROLE_VIEWER


async def test_does_not_change_the_own_role(administration: "AdminServiceAsyncStub", admin: Account) -> None:
    request = admin_pb2.ChangeRoleRequest(id=str(admin.id), role=user_pb2.ROLE_USER)

    refused = await failure(administration.ChangeRole(request, metadata=bearer(admin.token)))

    assert (refused.status, refused.code) == (grpc.StatusCode.FAILED_PRECONDITION, "OWN_ACCOUNT")


@pytest.mark.parametrize(("role", "problem"), [(0, "is required"), (4, "is invalid")])
async def test_refuses_a_role_that_there_is_not(
    administration: "AdminServiceAsyncStub", admin: Account, user: Account, role: int, problem: str
) -> None:
    request = admin_pb2.ChangeRoleRequest(id=str(user.id), role=role)  # type: ignore[arg-type]  # of a newer client

    refused = await failure(administration.ChangeRole(request, metadata=bearer(admin.token)))

    assert refused.violations == {"role": [problem]}


async def test_revokes_sessions_and_starts_a_reset(
    administration: "AdminServiceAsyncStub", admin: Account, user: Account
) -> None:
    given = bearer(admin.token)

    revoked = await administration.RevokeSessions(
        admin_pb2.RevokeSessionsRequest(id=str(user.id)), metadata=given
    )
    started = await administration.StartPasswordReset(
        admin_pb2.StartPasswordResetRequest(id=str(user.id)), metadata=given
    )

    assert revoked.revoked == 1
    assert started == admin_pb2.StartPasswordResetResponse()


async def test_lists_security_events_that_fit_the_filter(
    administration: "AdminServiceAsyncStub", admin: Account, user: Account
) -> None:
    given = bearer(admin.token)
    await administration.RevokeSessions(admin_pb2.RevokeSessionsRequest(id=str(user.id)), metadata=given)
    await failure(
        administration.ListSecurityEvents(admin_pb2.ListSecurityEventsRequest(), metadata=bearer(user.token))
    )
    fitting = admin_pb2.ListSecurityEventsRequest(
        name="admin.sessions_revoked",
        result=security_event_pb2.EVENT_RESULT_SUCCESS,
        actor=str(admin.id),
        subject=str(user.id),
        since=Timestamp(seconds=1),
        until=Timestamp(seconds=32503680000),
    )

    found = await administration.ListSecurityEvents(fitting, metadata=given)
    fitting.until.seconds = 2
    none = await administration.ListSecurityEvents(fitting, metadata=given)

    [event] = found.events
    assert (event.name, event.actor_id, event.subject_id) == (
        "admin.sessions_revoked",
        str(admin.id),
        str(user.id),
    )
    assert list(none.events) == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (admin_pb2.ListSecurityEventsRequest(name="auth.unheard_of"), "name"),
        (admin_pb2.ListSecurityEventsRequest(result=3), "result"),  # type: ignore[arg-type]  # of a newer client
        (admin_pb2.ListSecurityEventsRequest(actor="ada"), "actor"),
        (admin_pb2.ListSecurityEventsRequest(subject="ada"), "subject"),
        (admin_pb2.ListSecurityEventsRequest(since=Timestamp(seconds=2**62)), "since"),
        (admin_pb2.ListSecurityEventsRequest(until=Timestamp(nanos=-(2**31))), "until"),
        (admin_pb2.ListSecurityEventsRequest(limit=101), "limit"),
        (admin_pb2.ListSecurityEventsRequest(cursor="x"), "cursor"),
    ],
)
async def test_refuses_a_filter_that_makes_no_sense(
    administration: "AdminServiceAsyncStub",
    admin: Account,
    asked: admin_pb2.ListSecurityEventsRequest,
    field: str,
) -> None:
    refused = await failure(administration.ListSecurityEvents(asked, metadata=bearer(admin.token)))

    assert refused.status is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.violations.keys() == {field}
