"""The start page: quiet in production, and the first page of a developer."""

import html
import re
from typing import Any

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Environment, Settings
from tests.support.documented_examples import README, blocks
from tests.support.pages import PageClient

pytestmark = pytest.mark.anyio

# Where a link of our pages leads. A path with a hash is a file.
LINK = re.compile(r'href="(/[^"]*)"')


async def start_page(settings: Settings, **changes: Any) -> str:
    given = settings.model_copy(update=changes)
    transport = httpx.ASGITransport(app_of(Container(settings=given)))  # type: ignore[arg-type]  # as in conftest.py
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return (await client.get("/")).text


async def test_production_leads_to_the_sign_up_and_the_log_in_alone(settings: Settings) -> None:
    text = await start_page(settings, app_env=Environment.PRODUCTION, app_name="Users <b>")

    assert {link for link in LINK.findall(text) if not link.startswith("/assets/")} == {
        *("/", "/sign-up", "/log-in"),
    }
    assert "Welcome to Users &lt;b&gt;" in text


class TestDevelopment:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(
            update={"app_env": Environment.DEVELOPMENT, "app_base_url": "http://127.0.0.1:8080"}
        )

    @pytest.fixture
    def pages(self, client: httpx.AsyncClient) -> PageClient:
        return PageClient(client)

    async def test_every_link_leads_to_a_page(self, pages: PageClient) -> None:
        links = set(LINK.findall((await pages.open("/")).text))

        answers = {link: (await pages.open(link)).status_code for link in links}

        assert answers.keys() >= {"/dev/mails", "/api/v1/swagger", "/dashboard", "/readyz"}
        # They lead to the log-in.
        assert (answers.pop("/account"), answers.pop("/dashboard")) == (303, 303)
        assert set(answers.values()) == {200}

    async def test_shows_the_command_of_the_readme(self, pages: PageClient) -> None:
        text = html.unescape((await pages.open("/")).text)

        assert blocks(README)["sign_up"].strip() in text

    async def test_its_form_signs_up_another_person_each_time(self, pages: PageClient) -> None:
        forms = [self.form_in((await pages.open("/")).text) for _ in range(2)]

        answers = [await pages.post("/sign-up", form) for form in forms]

        assert [answer.headers.get("location") for answer in answers] == ["/account?notice=welcome"] * 2
        assert forms[0]["email"] != forms[1]["email"]
        assert forms[1]["email"] in (await pages.open("/account")).text

    @staticmethod
    def form_in(text: str) -> dict[str, str]:
        return dict(re.findall(r'name="(key|name|email|password)"[^>]* value="([^"]*)"', text))

    async def test_links_only_to_pages_that_are_served(self, settings: Settings) -> None:
        text = await start_page(settings, api_document=False, dashboard=False)

        assert "/api/v1/swagger" not in text
        assert "/dashboard" not in text
