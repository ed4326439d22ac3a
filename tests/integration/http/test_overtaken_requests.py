"""Requests that began with rights which their sender has lost before they end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from tests.support.accounts import stored_account

pytestmark = pytest.mark.anyio

USERS = "/api/v1/admin/users"
ME = "/api/v1/users/me"


async def slow(body: bytes, meanwhile: Callable[[], Awaitable[httpx.Response]]) -> AsyncIterator[bytes]:
    yield body[:1]
    assert (await meanwhile()).status_code == 200
    yield body[1:]


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [("deactivate", None, 401), ("sessions/revoke", None, 401), ("role", {"role": "user"}, 403)],
)
async def test_a_slow_request_does_not_keep_the_rights_of_an_admin(
    container: Container, client: httpx.AsyncClient, action: str, body: dict[str, str] | None, status: int
) -> None:
    admin, other = [await stored_account(container, role=Role.ADMIN) for _ in range(2)]
    eve = await stored_account(container)

    async def meanwhile() -> httpx.Response:
        return await client.post(f"{USERS}/{admin.id}/{action}", json=body, headers=other.headers)

    response = await client.post(
        f"{USERS}/{eve.id}/role",
        content=slow(b'{"role": "admin"}', meanwhile),
        headers={**admin.headers, "Content-Type": "application/json"},
    )

    assert response.status_code == status
    stored = await client.get(f"{USERS}/{eve.id}", headers=other.headers)
    assert stored.json()["data"]["role"] == "user"


async def test_a_user_who_changes_all_the_time_can_be_stopped(
    container: Container, client: httpx.AsyncClient
) -> None:
    admin = await stored_account(container, role=Role.ADMIN)
    eve = await stored_account(container)
    is_over = asyncio.Event()

    async def change() -> None:
        while not is_over.is_set():
            await client.patch(ME, json={"name": "Eve"}, headers=eve.headers)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(change())
        statuses = []
        for action in ["sessions/revoke"] * 10 + ["deactivate"]:
            response = await client.post(f"{USERS}/{eve.id}/{action}", headers=admin.headers)
            statuses.append(response.status_code)
        is_over.set()

    assert set(statuses) == {200}


async def test_simultaneous_changes_of_a_name_are_all_made(
    container: Container, client: httpx.AsyncClient
) -> None:
    ada = await stored_account(container)

    responses = await asyncio.gather(
        *(client.patch(ME, json={"name": f"Ada {number}"}, headers=ada.headers) for number in range(8))
    )

    assert {response.status_code for response in responses} == {200}
