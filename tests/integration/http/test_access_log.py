import httpx
import pytest
from structlog.testing import capture_logs

pytestmark = pytest.mark.anyio


ROUTES = [
    ("GET", "/livez", "/livez"),
    ("HEAD", "/livez", "/livez"),
    ("GET", "/livez/", "/livez"),
    ("GET", "/livez?email=ada@example.com", "/livez"),
    ("GET", "/verify-email?token=ada", "/verify-email"),
    ("POST", "/api/v1/auth/login", "/api/v1/auth/login"),
    ("GET", "/api/v1/auth/login", "/api/v1/auth/login"),
    ("GET", "/api/v1/swagger/assets/ada@example.com", "/api/v1/swagger/assets/{name}"),
    ("GET", "/ada@example.com", "(no route)"),
    ("POST", "/api/v1/users/ada@example.com", "(no route)"),
    ("GET", "/api/v1/users/me/ada%40example.com", "(no route)"),
    ("POST", "/api/v1/swagger/assets/ada@example.com", "(no route)"),
    ("OPTIONS", "/ada@example.com", "(no route)"),
]


async def test_logs_the_route_and_nothing_that_somebody_typed(client: httpx.AsyncClient) -> None:
    for method, path, logged in ROUTES:
        with capture_logs() as logs:
            await client.request(method, path)

        assert [(entry["method"], entry["path"]) for entry in logs] == [(method, logged)]
        assert "ada" not in str(logs)


async def test_logs_no_method_that_somebody_made_up(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.request("ada.example.com", "/livez")

    assert [entry["method"] for entry in logs] == ["(other)"]
