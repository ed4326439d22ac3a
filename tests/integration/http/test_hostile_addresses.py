"""Paths, queries and cursors that nobody writes by hand."""

import base64
import json
import random
from itertools import product
from typing import Any
from urllib.parse import quote_from_bytes
from uuid import uuid4

import httpx
import pytest

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.ports.user_directory import UserOrder
from tests.support.accounts import stored_account

pytestmark = pytest.mark.anyio

USERS, EVENTS = "/api/v1/admin/users", "/api/v1/admin/security-events"
EXAMPLES = 60
PLACES: tuple[Any, ...] = (
    "2030-01-01T00:00:00Z",
    "2030-01-01T00:00:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59",
    "",
    "a",
    "\0",
    "\ud800",
    "\U0010ffff" * 100,
    "' OR 1=1 --",
    0,
    None,
    [],
    {},
    10**400,
)
IDS = (str(uuid4()), "", "\0", 1, None)


async def test_any_path_and_query_is_answered(client: httpx.AsyncClient, container: Container) -> None:
    """The same random bytes in every run."""
    source = random.Random(13)  # noqa: S311 - it must repeat itself
    admin = await stored_account(container, role=Role.ADMIN)
    for _ in range(EXAMPLES):
        text = quote_from_bytes(source.randbytes(source.randrange(1, 40)), safe="/")
        for url in (f"/{text}", f"{USERS}/{text}", f"{USERS}?{text}={text}", f"{EVENTS}?cursor={text}"):
            response = await client.get(url, headers=admin.headers)

            assert response.status_code in {200, 404, 405, 422}, url
            body = response.json()
            assert response.is_success or body["status"] == response.status_code


@pytest.mark.parametrize("order", [UserOrder.NEWEST_FIRST, UserOrder.BY_NAME])
async def test_any_cursor_of_users_is_a_place_or_refused(
    client: httpx.AsyncClient, container: Container, order: UserOrder
) -> None:
    admin = await stored_account(container, role=Role.ADMIN)
    for of_order, place, user_id in product([order, None], PLACES, IDS):
        cursor = base64.urlsafe_b64encode(json.dumps([of_order, place, user_id]).encode()).decode()

        response = await client.get(USERS, params={"sort": order, "cursor": cursor}, headers=admin.headers)

        assert response.status_code in {200, 422}, (of_order, place, user_id)


@pytest.mark.parametrize(
    "number", ["0", "1", "9" * 16, "9" * 17, "9" * 18, "9" * 19, "9" * 4400, "-1", "\u0661"]
)
async def test_any_cursor_of_events_is_a_place_or_refused(
    client: httpx.AsyncClient, container: Container, number: str
) -> None:
    admin = await stored_account(container, role=Role.ADMIN)
    for cursor in (f"{number}-1", f"1-{number}", f"{number}-{number}", f"{number}-1\n"):
        response = await client.get(EVENTS, params={"cursor": cursor}, headers=admin.headers)

        assert response.status_code in {200, 422}, cursor
