"""How often requests wait for Postgres: the number does not depend on the machine, as times do."""

import httpx
import pytest

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from tests.support.accounts import stored_account
from tests.support.round_trips import traffic

pytestmark = pytest.mark.anyio


async def test_a_sign_up_waits_for_four_statements_and_their_transaction(
    container: Container, client: httpx.AsyncClient
) -> None:
    account = {"email": "ada@example.com", "name": "Ada", "password": "correct horse battery"}

    with traffic(container) as seen:
        response = await client.post("/api/v1/auth/register", json=account)

    assert response.status_code == 201
    # The user, the task, the event, the session.
    assert seen.statements[:6] == ["BEGIN", *["INSERT"] * 4, "COMMIT"]


async def test_a_page_of_users_takes_one_round_trip_each_for_caller_users_and_total(
    container: Container, client: httpx.AsyncClient
) -> None:
    admin = await stored_account(container, role=Role.ADMIN)

    with traffic(container) as seen:
        response = await client.get("/api/v1/admin/users", headers=admin.headers)

    assert response.status_code == 200
    assert (seen.round_trips, seen.statements) == (3, ["SELECT"] * 3)


async def test_the_user_of_a_token_takes_one_round_trip(
    container: Container, client: httpx.AsyncClient
) -> None:
    ada = await stored_account(container)

    with traffic(container) as seen:
        response = await client.get("/api/v1/users/me", headers=ada.headers)

    assert response.status_code == 200
    assert (seen.round_trips, seen.statements) == (1, ["SELECT"])
