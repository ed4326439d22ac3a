"""Cookie mode: a browser has the tokens in cookies, and no other site can use them."""

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from tests.support.shared_application import shared_app_of

pytestmark = pytest.mark.anyio

AUTH, ME, SESSIONS = "/api/v1/auth", "/api/v1/users/me", "/api/v1/users/me/sessions"
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}
COOKIES = {"X-Session-Mode": "cookie"}
NAMES = ["access_token", "refresh_token", "csrf_token"]


@pytest.fixture(params=["http", "https"])
async def browser(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    url = f"{request.param}://testserver"
    container = Container(settings=settings.model_copy(update={"app_base_url": url}))
    transport = httpx.ASGITransport(shared_app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with open_resources(container), httpx.AsyncClient(transport=transport, base_url=url) as client:
        yield client


async def sign_up(browser: httpx.AsyncClient) -> dict[str, Any]:
    response = await browser.post(f"{AUTH}/register", json=ADA, headers=COOKIES)
    assert response.status_code == 201
    data: dict[str, Any] = response.json()["data"]
    return data


async def test_the_body_has_no_token_and_scripts_read_no_cookie_of_one(browser: httpx.AsyncClient) -> None:
    response = await browser.post(f"{AUTH}/register", json=ADA, headers=COOKIES)

    assert response.json()["data"].keys() == {"csrf_token", "expires_in", "user"}
    cookies = SimpleCookie("\r\n".join(response.headers.get_list("set-cookie")))
    is_secure = browser.base_url.scheme == "https"
    assert list(cookies) == [f"__Host-{name}" if is_secure else name for name in NAMES]
    for name, cookie in cookies.items():
        assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "lax")
        assert bool(cookie["secure"]) is is_secure
        assert bool(cookie["httponly"]) is not name.endswith("csrf_token")
    assert [int(cookie["max-age"]) for cookie in cookies.values()] == [900, 30 * 86_400, 30 * 86_400]


async def test_a_browser_lives_through_a_session_with_cookies_alone(browser: httpx.AsyncClient) -> None:
    csrf = {"X-CSRF-Token": (await sign_up(browser))["csrf_token"]}
    assert (await browser.get(ME)).json()["data"]["email"] == ADA["email"]
    before = dict(browser.cookies)

    refreshed = await browser.post(f"{AUTH}/refresh", json={}, headers=csrf)

    assert refreshed.json()["data"].keys() == {"csrf_token", "expires_in", "user"}
    assert dict(browser.cookies) != before
    assert (await browser.get(ME)).status_code == 200
    assert (await browser.post(f"{AUTH}/logout", json={}, headers=csrf)).status_code == 200
    assert dict(browser.cookies) == {}
    assert (await browser.get(ME)).status_code == 401


@pytest.mark.parametrize("csrf", [None, "", "x", "\u00e9", "0" * 64])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("DELETE", SESSIONS, None), ("POST", f"{AUTH}/refresh", {}), ("POST", f"{AUTH}/logout", {})],
)
async def test_a_change_needs_the_csrf_token_of_the_session(
    browser: httpx.AsyncClient, csrf: str | None, method: str, path: str, body: dict[str, str] | None
) -> None:
    await sign_up(browser)
    headers = [] if csrf is None else [(b"X-CSRF-Token", csrf.encode())]

    response = await browser.request(method, path, json=body, headers=headers)

    assert (response.status_code, response.json()["error_code"]) == (403, "INVALID_CSRF_TOKEN")
    assert (await browser.get(ME)).status_code == 200


async def test_the_csrf_token_of_another_session_is_refused(browser: httpx.AsyncClient) -> None:
    await sign_up(browser)
    eve = await browser.post(f"{AUTH}/register", json=ADA | {"email": "eve@example.com"}, headers=COOKIES)
    body = {"email": ADA["email"], "password": ADA["password"]}
    await browser.post(f"{AUTH}/login", json=body, headers=COOKIES)

    response = await browser.delete(SESSIONS, headers={"X-CSRF-Token": eve.json()["data"]["csrf_token"]})

    assert response.status_code == 403


async def test_a_bearer_token_needs_no_csrf_token_and_wins_over_cookies(browser: httpx.AsyncClient) -> None:
    await sign_up(browser)
    eve = await browser.post(f"{AUTH}/register", json=ADA | {"email": "eve@example.com"})
    bearer = {"Authorization": f"Bearer {eve.json()['data']['token']}"}

    assert (await browser.get(ME, headers=bearer)).json()["data"]["email"] == "eve@example.com"
    assert (await browser.delete(SESSIONS, headers=bearer)).status_code == 200
    assert (await browser.get(ME)).json()["data"]["email"] == ADA["email"]
    assert (await browser.get(ME, headers={"Authorization": "Bearer nonsense"})).status_code == 401


async def test_basic_authentication_of_a_proxy_does_not_hide_the_cookies(browser: httpx.AsyncClient) -> None:
    csrf = {"X-CSRF-Token": (await sign_up(browser))["csrf_token"]}
    proxy = {"Authorization": "Basic b3BzOnNlY3JldA=="}

    assert (await browser.get(ME, headers=proxy)).status_code == 200
    assert (await browser.delete(SESSIONS, headers=proxy)).status_code == 403
    assert (await browser.delete(SESSIONS, headers=proxy | csrf)).status_code == 200
    assert (await browser.get(ME, headers=proxy)).status_code == 401


@pytest.mark.parametrize("path", ["refresh", "logout"])
async def test_without_a_cookie_the_body_needs_the_token(browser: httpx.AsyncClient, path: str) -> None:
    response = await browser.post(f"{AUTH}/{path}", json={})

    assert response.status_code == 422
    assert response.json()["errors"] == {"refresh_token": ["is required"]}


@pytest.mark.parametrize("route", ["register", "login"])
@pytest.mark.parametrize("mode", ["", "null", "Cookie", "cookies", "cookie, cookie"])
async def test_refuses_another_mode(browser: httpx.AsyncClient, route: str, mode: str) -> None:
    body = ADA if route == "register" else {key: ADA[key] for key in ("email", "password")}

    refused = await browser.post(f"{AUTH}/{route}", json=body, headers={"X-Session-Mode": mode})

    assert refused.status_code == 422
    assert refused.json()["errors"] == {"X-Session-Mode": ["must be cookie"]}
    assert (await browser.post(f"{AUTH}/login", json=ADA)).status_code == 422
