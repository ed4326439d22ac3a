from collections.abc import AsyncIterator

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from tests.support.shared_application import shared_app_of

pytestmark = pytest.mark.anyio

APP, STRANGER = "https://app.example.com", "https://evil.example"
REGISTER = "/api/v1/auth/register"
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


@pytest.fixture
def allowed() -> str:
    return f"{APP},http://localhost:3000"


@pytest.fixture
async def client(settings: Settings, allowed: str) -> AsyncIterator[httpx.AsyncClient]:
    container = Container(settings=settings.model_copy(update={"cors_allowed_origins": allowed}))
    transport = httpx.ASGITransport(shared_app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        yield client


def cors_headers(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


async def test_answers_the_preflight_of_an_allowed_origin(client: httpx.AsyncClient) -> None:
    response = await client.options(REGISTER, headers={"Origin": APP, **ASKS})

    assert (response.status_code, response.content) == (204, b"")
    headers = cors_headers(response)
    assert headers["access-control-allow-origin"] == APP
    assert "POST" in headers["access-control-allow-methods"].split(", ")
    assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(
        headers["access-control-allow-headers"].split(", ")
    )
    assert "access-control-allow-credentials" not in headers
    assert response.headers["vary"] == "Origin"
    assert response.headers["cache-control"] == "no-store"


async def test_allows_no_other_origin(client: httpx.AsyncClient) -> None:
    for origin in (STRANGER, "null", f"{APP}.evil.example", "http://app.example.com", f"{APP}:8443"):
        preflight = await client.options(REGISTER, headers={"Origin": origin, **ASKS})
        answer = await client.get("/livez", headers={"Origin": origin})

        assert cors_headers(preflight) == cors_headers(answer) == {}
        assert (preflight.status_code, answer.status_code) == (204, 200)
        assert answer.headers["vary"] == "Origin"


async def test_lets_an_allowed_origin_read_every_answer(client: httpx.AsyncClient) -> None:
    for response in (
        await client.get("/livez", headers={"Origin": APP}),
        await client.get("/nothing", headers={"Origin": APP}),
        await client.post(REGISTER, json={}, headers={"Origin": APP}),
        await client.get("/api/v1/users/me", headers={"Origin": APP}),
    ):
        assert response.headers["access-control-allow-origin"] == APP
        assert "X-Request-ID" in response.headers["access-control-expose-headers"]


@pytest.mark.parametrize("allowed", ["*"])
async def test_allows_every_origin_where_that_is_set(client: httpx.AsyncClient) -> None:
    response = await client.get("/livez", headers={"Origin": STRANGER})

    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("allowed", [""])
async def test_is_off_by_default(client: httpx.AsyncClient) -> None:
    preflight = await client.options(REGISTER, headers={"Origin": APP, **ASKS})
    answer = await client.get("/livez", headers={"Origin": APP})

    assert cors_headers(preflight) == cors_headers(answer) == {}
    assert "vary" not in answer.headers
