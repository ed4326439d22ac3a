"""Every request with a forged token gets the same answer. The keys are those of the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from tests.support.access_tokens import (
    KEYS,
    OTHER_KEYS,
    OTHER_PRIVATE_KEY,
    OTHER_SECRET,
    PRIVATE_KEY,
    SECRET,
    compact,
    parts_of,
    signer,
)
from tests.support.forged_tokens import forged
from tests.support.shared_application import shared_app_of

pytestmark = pytest.mark.anyio

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}
JWKS = "/.well-known/jwks.json"


@asynccontextmanager
async def server(settings: Settings, **changed: str) -> AsyncIterator[httpx.AsyncClient]:
    container = Container(settings=settings.model_copy(update={"jwt_secret": SECRET, **changed}))
    transport = httpx.ASGITransport(shared_app_of(container), raise_app_exceptions=False)  # type: ignore[arg-type]  # as in conftest.py
    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
    ):
        yield client


async def tokens_of(client: httpx.AsyncClient) -> tuple[str, str]:
    """Return the access token and the refresh token of a new account."""
    data = (await client.post("/api/v1/auth/register", json=ADA)).json()["data"]
    return data["token"], data["refresh_token"]


async def sign_up(client: httpx.AsyncClient) -> str:
    token, _ = await tokens_of(client)
    return token


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/api/v1/auth/refresh", json={"refresh_token": token})


async def ask(client: httpx.AsyncClient, *authorization: str) -> httpx.Response:
    headers = [("Authorization", given) for given in authorization]
    return await client.get("/api/v1/users/me", headers=headers)


def without_meta(response: httpx.Response) -> tuple[int, str, dict[str, Any]]:
    body = response.json()
    del body["meta"]
    return response.status_code, response.headers["www-authenticate"], body


@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA", "HS256,EdDSA", "EdDSA,HS256"])
async def test_every_forged_token_gets_the_same_401(settings: Settings, algorithm: str) -> None:
    key = KEYS[algorithm.partition(",")[0]]
    async with server(settings, jwt_algorithm=algorithm, jwt_private_key=PRIVATE_KEY) as client:
        good = await sign_up(client)
        header, claims = parts_of(good)
        accepted = await ask(client, f"Bearer {compact(header, claims, signer(key))}")
        answers = {
            name: without_meta(await ask(client, f"Bearer {token}"))
            for name, token in forged(good, key).items()
        }
        answers["two headers"] = without_meta(await ask(client, f"Bearer {good}", f"Bearer {good}"))
        answers["whitespace before it"] = without_meta(await ask(client, f"Bearer  {good}"))
        answers["two tokens"] = without_meta(await ask(client, f"Bearer {good} {good}"))
        answers["a comma"] = without_meta(await ask(client, f"Bearer {good},"))

    status, challenge, body = answers["two headers"]
    assert accepted.status_code == 200
    assert [name for name, answer in answers.items() if answer != (status, challenge, body)] == []
    assert (status, challenge) == (401, 'Bearer error="invalid_token"')
    assert body["error_code"] == "INVALID_TOKEN"


async def test_without_a_bearer_token_there_is_no_error_in_the_challenge(settings: Settings) -> None:
    async with server(settings) as client:
        good = await sign_up(client)
        answers = [
            without_meta(await ask(client, *given))
            for given in (
                [],
                [""],
                [good],
                ["Bearer"],
                [f"Basic {good}"],
                [f"JWT {good}"],
                [f"Bearer\t{good}"],
            )
        ]

    assert all(answer == answers[0] for answer in answers)
    assert answers[0][:2] == (401, "Bearer")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"jwt_secret": OTHER_SECRET, "jwt_previous_secret": SECRET}),
        ({}, {"jwt_algorithm": "EdDSA,HS256", "jwt_private_key": PRIVATE_KEY}),
        (
            {"jwt_algorithm": "EdDSA", "jwt_private_key": PRIVATE_KEY},
            {
                "jwt_algorithm": "EdDSA",
                "jwt_private_key": OTHER_PRIVATE_KEY,
                "jwt_previous_private_key": PRIVATE_KEY,
            },
        ),
    ],
    ids=["new secret", "new algorithm", "new private key"],
)
async def test_a_change_of_keys_ends_no_session(
    settings: Settings, before: dict[str, str], after: dict[str, str]
) -> None:
    async with server(settings, **before) as client:
        token, refresh_token = await tokens_of(client)
    async with server(settings, **after) as client:
        kept = await ask(client, f"Bearer {token}")
        refreshed = await refresh(client, refresh_token)

    assert (kept.status_code, refreshed.status_code) == (200, 200)
    assert parts_of(refreshed.json()["data"]["token"])[0]["kid"] != parts_of(token)[0]["kid"]


@pytest.mark.parametrize(
    ("before", "after", "ends_session"),
    [
        ({}, {"jwt_secret": OTHER_SECRET}, True),
        ({}, {"jwt_algorithm": "EdDSA", "jwt_private_key": PRIVATE_KEY}, False),
        (
            {"jwt_algorithm": "EdDSA", "jwt_private_key": PRIVATE_KEY},
            {"jwt_algorithm": "EdDSA", "jwt_private_key": OTHER_PRIVATE_KEY},
            False,
        ),
    ],
    ids=["new secret", "new algorithm", "new private key"],
)
async def test_a_key_that_leaked_is_worth_nothing_once_it_is_gone(
    settings: Settings,
    before: dict[str, str],
    after: dict[str, str],
    ends_session: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async with server(settings, **before) as client:
        token, refresh_token = await tokens_of(client)
    async with server(settings, **after) as client:
        ended = await ask(client, f"Bearer {token}")
        refreshed = await refresh(client, refresh_token)

    assert ended.status_code == 401
    assert refreshed.status_code == (401 if ends_session else 200)


async def test_publishes_the_keys_of_eddsa(settings: Settings) -> None:
    async with server(
        settings,
        jwt_algorithm="EdDSA,HS256",
        jwt_private_key=PRIVATE_KEY,
        jwt_previous_private_key=OTHER_PRIVATE_KEY,
    ) as client:
        token = await sign_up(client)
        response = await client.get(JWKS)

    keys = jwt.PyJWKSet.from_dict(response.json())
    key = keys[parts_of(token)[0]["kid"]]
    claims = jwt.decode(token, key, audience="http://localhost:8080")
    assert claims["iss"] == "http://localhost:8080"
    assert [each["kid"] for each in response.json()["keys"]] == [
        KEYS["EdDSA"].key_id,
        OTHER_KEYS["EdDSA"].key_id,
    ]
    assert all(each.keys() == {"kty", "crv", "x", "kid", "alg", "use"} for each in response.json()["keys"])
    assert response.headers["cache-control"] == "public, max-age=300"
    assert response.headers["content-type"] == "application/json"


async def test_without_eddsa_there_are_no_public_keys(settings: Settings) -> None:
    async with server(settings, jwt_private_key=PRIVATE_KEY) as client:
        response = await client.get(JWKS)

    assert response.status_code == 404
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["error_code"] == "NOT_FOUND"
