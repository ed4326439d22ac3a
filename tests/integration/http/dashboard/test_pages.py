"""The pages of the dashboard as a browser without scripts gets them, on real Redis and Postgres."""

import httpx
import pytest

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Settings
from tests.support.accounts import stored_account

pytestmark = pytest.mark.anyio

PAGES = [
    "/dashboard",
    "/dashboard/outbox",
    "/dashboard/schedules",
    "/dashboard/services",
    "/dashboard/tasks",
    "/dashboard/workers",
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
async def test_viewers_and_admins_see_every_page(
    client: httpx.AsyncClient, container: Container, page: str, role: Role
) -> None:
    account = await stored_account(container, role=role)

    answer = await client.get(page, headers=account.headers)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert account.user.email.value in answer.text


async def test_a_user_without_the_right_gets_a_page_that_says_so(
    client: httpx.AsyncClient, container: Container
) -> None:
    account = await stored_account(container, role=Role.USER)

    answer = await client.get("/dashboard", headers=account.headers)

    assert answer.status_code == 403
    assert "<h1>Forbidden</h1>" in answer.text


async def test_a_setting_turns_the_dashboard_off(settings: Settings) -> None:
    without = settings.model_copy(update={"dashboard": False})
    transport = httpx.ASGITransport(app_of(Container(settings=without)))  # type: ignore[arg-type]  # as in conftest.py

    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        statuses = [(await client.get(page)).status_code for page in PAGES]

    assert statuses == [404] * len(PAGES)
