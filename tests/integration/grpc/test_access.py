"""Who may call which method: the same people as at HTTP."""

import grpc
import grpc.aio
import pytest
from litestar.routes import HTTPRoute

from internal.domain.role import Permission, Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.grpc.access import ACCESS, ANYONE, SIGNED_IN
from internal.infrastructure.http.access import permission_of
from tests.support.accounts import stored_account
from tests.support.documented_examples import ROOT, table
from tests.support.grpc_door import answer_to, bearer, failed
from tests.support.shared_application import litestar_of, shared_app_of

pytestmark = pytest.mark.anyio

REFUSALS = {
    "MISSING_TOKEN": grpc.StatusCode.UNAUTHENTICATED,
    "INVALID_TOKEN": grpc.StatusCode.UNAUTHENTICATED,
    "NOT_PERMITTED": grpc.StatusCode.PERMISSION_DENIED,
}


async def refusal(channel: grpc.aio.Channel, method: str, token: str | None = None) -> str | None:
    """Send an empty message. Return the code if the caller may not call, whatever the message."""
    try:
        await answer_to(channel, method, b"", metadata=bearer(token) if token else ())
    except grpc.aio.AioRpcError as error:
        found = failed(error)
        assert REFUSALS.get(found.code, found.status) is found.status
        return found.code if found.code in REFUSALS else None
    return None


def expected(method: str, role: Role | None) -> str | None:
    needed = ACCESS[method]
    if needed is ANYONE:
        return None
    if role is None:
        return "MISSING_TOKEN"
    is_permitted = role.permits(needed) if isinstance(needed, Permission) else needed is SIGNED_IN
    return None if is_permitted else "NOT_PERMITTED"


@pytest.mark.parametrize("role", [None, *Role])
async def test_each_role_may_call_what_the_table_says(
    channel: grpc.aio.Channel, container: Container, role: Role | None
) -> None:
    refusals = {}
    for method in ACCESS:
        account = await stored_account(container, role=role) if role else None
        refusals[method] = await refusal(channel, method, account.token if account else None)

    assert refusals == {method: expected(method, role) for method in ACCESS}


async def test_the_token_of_a_disabled_user_opens_nothing(
    channel: grpc.aio.Channel, container: Container
) -> None:
    account = await stored_account(container, role=Role.ADMIN, is_disabled=True)

    refusals = {method: await refusal(channel, method, account.token) for method in ACCESS}

    assert refusals == {
        method: None if needed is ANYONE else "INVALID_TOKEN" for method, needed in ACCESS.items()
    }


async def test_the_table_is_that_of_the_routes(container: Container) -> None:
    declared = {
        f"{method} {route.path_format}": permission_of(handler)
        for route in litestar_of(shared_app_of(container)).routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
    }

    rows = table(ROOT / "docs" / "grpc.md", "methods")

    assert {f"/{method.strip('`')}": declared[route.strip("`")] for method, _, route in rows} == ACCESS
