"""`cmd.dashboard`: the dashboard without the rest, below a base path, with sessions of its own."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute
from sqlalchemy import func, select, update

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.bootstrap.server.dashboard_application import dashboard_of
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.tables import sessions
from tests.support.accounts import Account, stored_account
from tests.support.pages import PageClient
from tests.support.shared_application import litestar_of, shared_app_of
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio

ADMIN, PASSWORD = "root@example.com", "correct horse"
HOST = "https://ops.example.com"
BASE = "/ops"
ADDRESSES = re.compile(r'\s(?:href|src|action|formaction|hx-get|hx-post)="([^"]*)"')
FORMS = re.compile(r'<form[^>]* method="post".*?</form>', re.DOTALL)
PAGES = ["", "/tasks", "/workers", "/schedules", "/outbox", "/enqueue", "/enqueue?task=email%3Awelcome"]
PAGES += ["/services", "/audit", "/queues/low", "/tasks?queue=low", "/tasks/low/gone"]


class Site:
    def __init__(self, container: Container, client: httpx.AsyncClient) -> None:
        self.container = container
        self.client = client
        self.pages = PageClient(client)

    async def admin(self) -> Account:
        hashed = await self.container.security().password_hasher().hash(PASSWORD)
        return await stored_account(self.container, role=Role.ADMIN, email=ADMIN, password_hash=hashed)

    async def log_in(self, base: str = BASE) -> httpx.Response:
        await self.admin()
        return await self.pages.send(f"{base}/log-in", {"email": ADMIN, "password": PASSWORD})


@asynccontextmanager
async def served(settings: Settings, **changes: Any) -> AsyncIterator[Site]:
    values = {"dashboard_url": f"{HOST}{BASE}", **changes}
    container = Container(settings=settings.model_copy(update=values))
    transport = httpx.ASGITransport(dashboard_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url=HOST) as client,
    ):
        yield Site(container, client)


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    async with served(settings) as site:
        yield site


async def test_it_has_the_dashboard_and_no_api(container: Container) -> None:
    routes = {
        route.path
        for route in litestar_of(dashboard_of(container)).routes
        if isinstance(route, HTTPRoute) and not route.path.startswith("/dashboard")
    }

    assert routes == {"/", "/assets/{name:str}", "/livez", "/log-in", "/log-out", "/readyz"}


@pytest.mark.parametrize(
    "path", ["/api/v1/health", "/api/v1/auth/login", "/sign-up", "/account", "/forgot-password", "/dev/mails"]
)
async def test_other_pages_do_not_exist(site: Site, path: str) -> None:
    answers = [
        await site.client.get(f"{BASE}{path}"),
        await site.client.post(f"{BASE}{path}", data={"email": ADMIN}),
    ]

    assert {answer.status_code for answer in answers} == {404}


async def test_the_log_in_leads_to_the_dashboard_with_cookies_of_its_own(site: Site) -> None:
    away = await site.pages.open(f"{BASE}/dashboard/audit")
    answer = await site.log_in()

    assert away.headers["location"] == f"{BASE}/log-in?notice=log-in-first&next=%2Fdashboard%2Faudit"
    assert answer.headers["location"] == f"{BASE}/dashboard"
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == [
        f"__Secure-dashboard_{name}_token" for name in ("access", "refresh", "csrf")
    ]
    assert all(f"Path={BASE};" in f"{cookie};" and "Secure" in cookie for cookie in cookies)
    assert "Max-Age=3600" in cookies[1]


async def test_without_a_base_path_the_cookies_are_of_this_very_host(settings: Settings) -> None:
    async with served(settings, dashboard_url=HOST) as site:
        answer = await site.log_in(base="")

        assert answer.headers["location"] == "/dashboard"
        assert answer.headers["set-cookie"].startswith("__Host-dashboard_access_token=")
        assert (await site.pages.open("/dashboard")).status_code == 200


async def test_every_address_of_every_page_has_the_base_path(site: Site) -> None:
    await site.log_in()

    for path in PAGES:
        page = await site.pages.open(f"{BASE}/dashboard{path}")
        assert page.status_code in {200, 404}, path
        strange = [each for each in ADDRESSES.findall(page.text) if not each.startswith((f"{BASE}/", "#"))]
        assert strange == [], path
        assert "/account" not in page.text
    page = await site.pages.open(f"{BASE}/dashboard")
    [sheet, *_] = re.findall(r'href="([^"]+\.css)"', page.text)
    assert (await site.client.get(sheet)).headers["content-type"].startswith("text/css")


async def test_acts_and_logs_out_below_the_base_path(site: Site) -> None:
    await site.log_in()
    fields = await site.pages.fields_of(f"{BASE}/dashboard/enqueue?task=outbox%3Apurge")
    stored = await site.pages.post(f"{BASE}/dashboard/enqueue", fields)
    done = await site.pages.open(stored.headers["location"])
    out = await site.pages.send(f"{BASE}/log-out", {})

    assert f'href="{BASE}/dashboard/tasks/low/' in done.text
    assert out.headers["location"] == f"{BASE}/log-in?notice=logged-out"
    assert "dashboard_access_token" not in str(site.client.cookies)
    assert (await site.pages.open(f"{BASE}/dashboard")).status_code == 303


async def test_a_cookie_of_the_server_opens_no_session(site: Site) -> None:
    admin = await site.admin()

    for name in ("__Host-access_token", "access_token", "dashboard_access_token"):
        answer = await site.client.get(f"{BASE}/dashboard", headers={"Cookie": f"{name}={admin.token}"})
        assert answer.headers["location"].startswith(f"{BASE}/log-in")


async def test_a_form_needs_the_token_of_its_session(site: Site) -> None:
    await site.log_in()
    path = f"{BASE}/dashboard/queues/low/pause"

    forged = [
        await site.pages.post(path, {}),
        await site.pages.post(path, {"csrf_token": "0" * 64}),
        await site.pages.post(path, {}, headers={"Sec-Fetch-Site": "cross-site"}),
        await site.pages.post(path, {}, headers={"Origin": "https://evil.example"}),
    ]

    assert {answer.status_code for answer in forged} == {403}


@pytest.mark.parametrize(
    "path",
    ["/", "/dashboard", "/log-in", "/opsx/dashboard", "/OPS/dashboard", "/xops/dashboard", "//ops/dashboard"],
)
async def test_paths_beside_the_base_path_do_not_exist(site: Site, path: str) -> None:
    answer = await site.client.get(httpx.URL(HOST).copy_with(raw_path=path.encode()))

    assert answer.status_code == 404


async def test_the_base_path_itself_leads_to_the_dashboard(site: Site) -> None:
    for path in (BASE, f"{BASE}/"):
        assert (await site.client.get(path)).headers["location"] == f"{BASE}/dashboard"


@pytest.mark.parametrize("path", ["//evil.example/", "/dashboard//evil.example", "/..//evil.example", "/ops"])
async def test_no_path_leads_to_another_host(site: Site, path: str) -> None:
    url = httpx.URL(HOST).copy_with(raw_path=f"{BASE}{path}".encode())
    answer = await site.client.get(url, headers={"Accept": "text/html"})

    assert answer.status_code in {303, 404}
    assert answer.headers.get("location", BASE).startswith(BASE)
    assert 'href="//' not in answer.text


@pytest.mark.parametrize("next_page", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
async def test_the_log_in_leads_nowhere_else(site: Site, next_page: str) -> None:
    await site.admin()
    answer = await site.pages.send(
        f"{BASE}/log-in", {"email": ADMIN, "password": PASSWORD, "next": next_page}
    )

    assert answer.headers["location"] == f"{BASE}/dashboard"


async def test_a_read_only_dashboard_shows_and_does_nothing(settings: Settings, desk: Desk) -> None:
    desk.add("one", queue="low")
    async with served(settings, dashboard_read_only=True) as site:
        await site.log_in()
        token = (await site.pages.fields_of(f"{BASE}/log-out"))["csrf_token"]

        for path in PAGES:
            page = await site.pages.open(f"{BASE}/dashboard{path}")
            assert [form for form in FORMS.findall(page.text) if "<button" in form] == [], path
        for path in ("/queues/low/pause", "/tasks/act", "/outbox/act", "/enqueue", "/enqueue/preview"):
            forged = await site.pages.post(f"{BASE}/dashboard{path}", {"csrf_token": token, "queue": "low"})
            assert forged.status_code == 403, path
            assert "DASHBOARD_READ_ONLY is set" in forged.text
        for path in ("/queues/low/remove", "/tasks/all?queue=low&state=pending&action=delete"):
            assert (await site.pages.open(f"{BASE}/dashboard{path}")).status_code == 403
        assert not (await site.container.inspection().tasks().queue("low")).is_paused


async def test_the_server_has_a_read_only_dashboard_too(settings: Settings) -> None:
    container = Container(settings=settings.model_copy(update={"dashboard_read_only": True}))
    transport = httpx.ASGITransport(shared_app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with open_resources(container), httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        admin = await stored_account(container, role=Role.ADMIN)
        forged = await client.post("/dashboard/queues/low/pause", data={"back": ""}, headers=admin.headers)

    assert forged.status_code == 403


async def test_a_client_that_asks_too_often_waits(settings: Settings) -> None:
    async with served(settings, rate_limit_dashboard_per_client="3/minute") as site:
        answers = [await site.pages.open(f"{BASE}/log-in") for _ in range(4)]
        live = await site.client.get(f"{BASE}/livez")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "That was too often" in answers[3].text
    assert live.status_code == 200


async def test_a_session_ends_after_its_idle_time_and_its_lifetime(settings: Settings) -> None:
    async with served(settings, dashboard_session_lifetime=7200) as site:
        await site.log_in()
        async with site.container.database.engine().begin() as connection:
            columns = sessions.c.expires_at - sessions.c.created_at
            of_dashboard = sessions.c.expires_at < func.now() + timedelta(days=1)
            lasts_for = await connection.scalar(select(columns).where(of_dashboard))
        answers = []
        for idle in (50, 70):
            site.client.cookies.delete("__Secure-dashboard_access_token")
            moment = func.now() - timedelta(minutes=idle)
            async with site.container.database.engine().begin() as connection:
                await connection.execute(update(sessions).values(last_used_at=moment))
            answers.append(await site.pages.open(f"{BASE}/dashboard"))

    assert lasts_for == timedelta(hours=2)
    assert [answer.status_code for answer in answers] == [200, 303]
    assert "Max-Age=0" in answers[1].headers["set-cookie"]
