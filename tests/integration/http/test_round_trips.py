"""How often requests wait for Postgres: the number does not depend on the machine, as times do."""

from uuid import UUID

import httpx
import pytest

from internal.domain.role import Role
from internal.domain.user import User
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
    # The user, the security event, the session, the task.
    assert seen.statements[:6] == ["BEGIN", *["INSERT"] * 4, "COMMIT"]


async def test_the_tasks_of_all_subscribers_take_one_round_trip(container: Container, ada: User) -> None:
    await publish_log_ins(container, ada, log_ins=2)

    with traffic(container) as seen:
        await publish_log_ins(container, ada, log_ins=5)

    # BEGIN, the tasks, COMMIT.
    assert seen.round_trips == 3


async def publish_log_ins(container: Container, user: User, *, log_ins: int) -> None:
    async with container.database.unit_of_work() as uow:
        for number in range(log_ins):
            uow.record(user.logged_in(UUID(int=number), now=user.created_at))
        await uow.commit()


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
