"""PASSWORD_BREACH_CHECK_URL, by the whole application."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from tests.support.range_api import RangeApi, range_api

pytestmark = pytest.mark.anyio

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}


@pytest.fixture
def api() -> Iterator[RangeApi]:
    with range_api(ADA["password"]) as api:
        yield api


@pytest.fixture
async def container(settings: Settings, api: RangeApi) -> AsyncIterator[Container]:
    container = Container(settings=settings.model_copy(update={"password_breach_check_url": api.url}))
    async with open_resources(container):
        yield container


async def test_refuses_a_breached_password(client: httpx.AsyncClient, api: RangeApi) -> None:
    refused = await client.post("/api/v1/auth/register", json=ADA)
    accepted = await client.post("/api/v1/auth/register", json={**ADA, "password": "battery staple"})

    assert (refused.status_code, accepted.status_code) == (422, 201)
    assert refused.json()["error_code"] == "PASSWORD_BREACHED"
    assert refused.json()["errors"] == {"password": ["has appeared in a data breach"]}
    assert len(api.requests) == 2


async def test_asks_the_list_for_no_password_that_is_common_or_short(
    client: httpx.AsyncClient, api: RangeApi
) -> None:
    for password in ("password", "short"):
        response = await client.post("/api/v1/auth/register", json={**ADA, "password": password})
        assert response.status_code == 422

    assert api.requests == []


async def test_asks_the_list_for_no_log_in(client: httpx.AsyncClient, api: RangeApi) -> None:
    await client.post("/api/v1/auth/login", json={"email": ADA["email"], "password": ADA["password"]})

    assert api.requests == []


async def test_accepts_sign_ups_while_the_list_is_down(client: httpx.AsyncClient, api: RangeApi) -> None:
    api.status = 500
    started = time.monotonic()

    responses = await asyncio.gather(
        *(
            client.post("/api/v1/auth/register", json={**ADA, "email": f"ada{number}@example.com"})
            for number in range(5)
        )
    )

    assert [response.status_code for response in responses] == [201] * 5
    assert time.monotonic() - started < 5
