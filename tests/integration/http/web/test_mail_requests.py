"""The pages that ask for an email: the answer is the same for every address."""

import html
from http import HTTPStatus

import httpx
import pytest
from sqlalchemy import select

from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.tables import outbox
from tests.support.mailed_tokens import MailedTokens
from tests.support.pages import PageClient

pytestmark = pytest.mark.anyio

TASKS = {"/forgot-password": "email:password-reset", "/resend-verification": "email:verification"}


@pytest.fixture
def pages(client: httpx.AsyncClient) -> PageClient:
    return PageClient(client)


@pytest.fixture
async def ada(client: httpx.AsyncClient, container: Container) -> User:
    user, _ = await MailedTokens(client, container).sign_up()
    return user


async def tasks_in(container: Container) -> list[str]:
    async with container.database.engine().connect() as connection:
        names = await connection.scalars(
            select(outbox.c.task_name).where(outbox.c.task_name != "email:welcome")
        )
        return list(names)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("path", TASKS)
async def test_asks_for_an_email(pages: PageClient, container: Container, path: str) -> None:
    answer = await pages.send(path, {"email": "Ada@example.com"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}/sent")
    assert "Check your email" in (await pages.open(f"{path}/sent")).text
    assert await tasks_in(container) == [TASKS[path]]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("path", TASKS)
async def test_the_answer_is_the_same_for_every_address(pages: PageClient, path: str) -> None:
    answers = [await pages.send(path, {"email": email}) for email in ("ada@example.com", "bob@example.com")]

    assert {(answer.status_code, answer.headers["location"], answer.text) for answer in answers} == {
        (303, f"{path}/sent", "")
    }


@pytest.mark.parametrize("path", TASKS)
async def test_an_address_that_cannot_be_one_stays_in_its_field(
    pages: PageClient, container: Container, path: str
) -> None:
    for email in ("", "ada", "ada<b>@example", "ada\0@example.com", "a" * 60_000):
        answer = await pages.send(path, {"email": email})

        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert pages.errors_in(answer).keys() == {"email"}
        assert f'value="{html.escape(email)}"' in answer.text
    assert await tasks_in(container) == []


@pytest.mark.parametrize("path", TASKS)
async def test_opening_the_page_asks_for_nothing(pages: PageClient, container: Container, path: str) -> None:
    await pages.open(f"{path}?email=ada@example.com")
    await pages.client.head(path)

    assert await tasks_in(container) == []


@pytest.mark.parametrize("path", TASKS)
async def test_no_other_site_asks(pages: PageClient, container: Container, path: str) -> None:
    answer = await pages.post(path, {"email": "ada@example.com"}, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert await tasks_in(container) == []


class TestLimits:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        limits = {"rate_limit_mails_per_client": "1/hour"}
        return settings.model_copy(update=limits)

    @pytest.mark.parametrize("path", TASKS)
    async def test_too_many_are_refused_with_the_time_to_wait(self, pages: PageClient, path: str) -> None:
        answers = [await pages.send(path, {"email": "ada@example.com"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [303, 429]
        assert "Too many tries. Please try again in" in answers[1].text
        assert int(answers[1].headers["retry-after"]) > 0
