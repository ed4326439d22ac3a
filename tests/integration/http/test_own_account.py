"""What users do with their own accounts."""

import httpx
import pytest

pytestmark = pytest.mark.anyio

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}
ME = "/api/v1/users/me"


@pytest.fixture
async def headers(client: httpx.AsyncClient) -> dict[str, str]:
    response = await client.post("/api/v1/auth/register", json=ADA)
    return {"Authorization": f"Bearer {response.json()['data']['token']}"}


async def test_changes_the_name(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await client.patch(ME, json={"name": "Ada King"}, headers=headers)

    assert response.status_code == 200
    assert response.json()["message"] == "User updated successfully"
    before, after = response.json()["data"], (await client.get(ME, headers=headers)).json()["data"]
    assert before == after
    assert after["name"] == "Ada King"
    assert after["updated_at"] > after["created_at"]


@pytest.mark.parametrize("name", ["", "   ", "Ada\u202eadA", "A\r\nBcc: eve@example.com", "\0", 7, None])
async def test_refuses_a_name_that_cannot_be_shown(
    client: httpx.AsyncClient, headers: dict[str, str], name: object
) -> None:
    response = await client.patch(ME, json={"name": name}, headers=headers)

    assert response.status_code == 422
    assert response.json()["errors"].keys() == {"name"}
    assert (await client.get(ME, headers=headers)).json()["data"]["name"] == ADA["name"]


@pytest.mark.parametrize(
    "extra", ["id", "role", "email", "verified_at", "is_admin", "created_at", "password_hash", "version"]
)
async def test_refuses_a_field_that_is_not_the_users_to_set(
    client: httpx.AsyncClient, headers: dict[str, str], extra: str
) -> None:
    response = await client.patch(ME, json={"name": "Ada King", extra: "x"}, headers=headers)

    assert response.status_code == 422
    assert response.json()["errors"] == {extra: ["is unknown"]}
    assert (await client.get(ME, headers=headers)).json()["data"]["name"] == ADA["name"]
