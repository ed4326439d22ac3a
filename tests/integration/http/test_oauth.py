"""The password grant, as the Authorize button of an API page uses it."""

import httpx
import pytest

pytestmark = pytest.mark.anyio

TOKEN, ME = "/api/v1/auth/token", "/api/v1/users/me"
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}
GRANT = {"grant_type": "password", "username": "ada@example.com", "password": "correct horse"}


@pytest.fixture(autouse=True)
async def ada(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/auth/register", json=ADA)).status_code == 201


async def test_a_password_is_exchanged_for_tokens(client: httpx.AsyncClient) -> None:
    granted = await client.post(TOKEN, data=GRANT | {"scope": "", "client_id": "page"})

    tokens = granted.json()
    assert granted.status_code == 200
    assert granted.headers["cache-control"] == "no-store"
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await client.get(ME, headers=bearer)).json()["data"]["email"] == ADA["email"]


async def test_a_refresh_token_is_exchanged_too(client: httpx.AsyncClient) -> None:
    tokens = (await client.post(TOKEN, data=GRANT)).json()

    refreshed = await client.post(
        TOKEN, data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    )

    assert refreshed.status_code == 200
    assert refreshed.json()["refresh_token"] != tokens["refresh_token"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (GRANT | {"password": "wrong horse"}, "invalid_grant"),
        (GRANT | {"username": "nobody@example.com"}, "invalid_grant"),
        (GRANT | {"username": "\0"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "forged"}, "invalid_grant"),
        (GRANT | {"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"username": "ada@example.com"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
    ],
)
async def test_a_refused_grant_is_an_error_of_oauth(
    client: httpx.AsyncClient, form: dict[str, str], error: str
) -> None:
    body = httpx.QueryParams(form)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    refused = await client.post(TOKEN, content=str(body), headers=headers)

    assert (refused.status_code, refused.json()["error"]) == (400, error)


async def test_a_parameter_that_is_given_twice_is_refused(client: httpx.AsyncClient) -> None:
    refused = await client.post(TOKEN, data={**GRANT, "password": ["correct horse", "another"]})

    assert refused.status_code == 422


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/plain"])
async def test_the_body_is_a_form(client: httpx.AsyncClient, content_type: str) -> None:
    refused = await client.post(TOKEN, content=b"{}", headers={"Content-Type": content_type})

    assert refused.status_code == 415


@pytest.mark.parametrize("body", [b"\xff=%ff", b"password=%00&grant_type=password", b"&&&=", b"a" * 60_000])
async def test_any_form_gets_an_answer(client: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert (await client.post(TOKEN, content=body, headers=headers)).status_code in {400, 422}
