"""The export has all that the tables know about a user, and no secret."""

import httpx
import pytest

from internal.infrastructure.config.settings import Settings
from tests.support.postgres_contents import contents

pytestmark = pytest.mark.anyio

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse battery"}
EXPORT = "/api/v1/users/me/export"


async def test_downloads_everything_about_the_user(client: httpx.AsyncClient) -> None:
    tokens = (await client.post("/api/v1/auth/register", json=ADA)).json()["data"]
    await client.post("/api/v1/auth/login", json={"email": ADA["email"], "password": "wrong horse"})

    response = await client.get(EXPORT, headers={"Authorization": f"Bearer {tokens['token']}"})

    assert response.status_code == 200
    assert response.headers["content-disposition"] == 'attachment; filename="account.json"'
    assert response.headers["cache-control"] == "no-store"
    data = response.json()["data"]
    assert (data["user"]["email"], data["user"]["name"], data["user"]["role"]) == (
        "ada@example.com",
        "Ada Lovelace",
        "user",
    )
    [session] = data["sessions"]
    assert (session["current"], session["user_agent"]) == (True, client.headers["user-agent"])
    assert [task["name"] for task in data["tasks"]] == ["email:welcome"]
    assert [event["name"] for event in data["security_events"]] == ["auth.login_failed", "auth.registered"]
    assert data["has_older_security_events"] is False


async def test_an_export_contains_no_secret(client: httpx.AsyncClient, settings: Settings) -> None:
    tokens = (await client.post("/api/v1/auth/register", json=ADA)).json()["data"]

    response = await client.get(EXPORT, headers={"Authorization": f"Bearer {tokens['token']}"})

    assert "$argon2" in contents(settings.database_url)
    for secret in ("$argon2", "digest", tokens["token"], tokens["refresh_token"], ADA["password"]):
        assert secret not in response.text


async def test_a_user_gets_no_more_than_ten_exports_an_hour(client: httpx.AsyncClient) -> None:
    tokens = (await client.post("/api/v1/auth/register", json=ADA)).json()["data"]
    headers = {"Authorization": f"Bearer {tokens['token']}"}

    answers = [(await client.get(EXPORT, headers=headers)).status_code for _ in range(11)]

    assert answers == [200] * 10 + [429]
