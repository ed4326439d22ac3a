import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Environment, Settings

pytestmark = pytest.mark.anyio

PATH = "/api/v1/openapi/openapi.json"


async def test_documents_routes_with_their_problems(client: httpx.AsyncClient) -> None:
    """tests/docs/test_http_api.py compares all routes with docs/http-api.md."""
    document = (await client.get(PATH)).json()

    register = document["paths"]["/api/v1/auth/register"]["post"]["responses"]
    [key] = document["paths"]["/api/v1/auth/register"]["post"]["parameters"]
    assert (key["in"], key["name"], key["required"]) == ("header", "Idempotency-Key", False)
    assert register.keys() == {"201", "400", "401", "408", "409", "413", "415", "422", "429", "503"}
    assert register["409"]["content"].keys() == {"application/problem+json"}
    me = document["paths"]["/api/v1/users/me"]["get"]
    assert me["security"] == [{"bearer": []}]


async def test_is_not_served_in_production(settings: Settings) -> None:
    production = settings.model_copy(update={"app_env": Environment.PRODUCTION})
    transport = httpx.ASGITransport(app_of(Container(settings=production)))  # type: ignore[arg-type]  # as in conftest.py

    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        response = await client.get(PATH)

    assert response.status_code == 404
