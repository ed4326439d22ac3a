"""The forms that change the account, as a browser without scripts sends them."""

import httpx
import pytest
from sqlalchemy import select, update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.tables import outbox, users
from tests.integration.http.web.conftest import ADA
from tests.support.long_lockout import with_long_lockout
from tests.support.pages import PageClient
from tests.support.shared_application import shared_app_of

pytestmark = pytest.mark.anyio

PASSWORD, NEW_PASSWORD = ADA["password"], "battery staple horse"
HOSTILE = '"><script>alert(1)</script>'
# Every form of the account, filled in correctly.
FORMS = {
    "/account/name": {"name": "Ada King"},
    "/account/email": {"email": "ada.king@example.com", "password": PASSWORD},
    "/account/verification": {},
    "/account/password": {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    "/account/sessions": {},
    "/account/sessions/end-all": {},
    "/account/export": {},
    "/account/delete": {"password": PASSWORD},
}


async def tasks(container: Container) -> list[str]:
    async with container.database.engine().connect() as connection:
        return list(await connection.scalars(select(outbox.c.task_name).order_by(outbox.c.created_at)))


async def log_in(pages: PageClient, password: str) -> int:
    form = {"email": ADA["email"], "password": password}
    return (await pages.client.post("/api/v1/auth/login", json=form)).status_code


def led_to(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_a_new_name_is_on_the_page(ada_pages: PageClient) -> None:
    there = led_to(await ada_pages.send("/account/name", {"name": " Ada King "}))

    overview = (await ada_pages.open(there)).text
    assert "Ada King" in overview
    assert "Your name is changed." in overview


async def test_a_name_that_breaks_a_rule_stays_in_its_field(ada_pages: PageClient) -> None:
    answer = await ada_pages.send("/account/name", {"name": HOSTILE * 4})

    assert answer.status_code == 422
    assert ada_pages.errors_in(answer) == {"name": "Name must be between 1 and 100 characters."}
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


async def test_a_new_address_gets_a_link_and_the_old_one_stays(
    ada_pages: PageClient, container: Container
) -> None:
    there = led_to(await ada_pages.send("/account/email", FORMS["/account/email"]))

    overview = (await ada_pages.open(there)).text
    assert ADA["email"] in overview
    assert "an email to it is on its way" in overview
    assert (await tasks(container))[-1] == "email:email-change"


async def test_a_wrong_password_keeps_the_new_address_in_its_field(ada_pages: PageClient) -> None:
    answer = await ada_pages.send("/account/email", {**FORMS["/account/email"], "password": "wrong horse"})

    assert answer.status_code == 403
    assert ada_pages.errors_in(answer) == {"password": "Current password is wrong."}
    assert 'value="ada.king@example.com"' in answer.text
    assert "wrong horse" not in answer.text


async def test_an_invalid_address_is_an_error_of_its_field(ada_pages: PageClient) -> None:
    answer = await ada_pages.send("/account/email", {"email": HOSTILE, "password": PASSWORD})

    assert answer.status_code == 422
    assert ada_pages.errors_in(answer) == {"email": "New email address must be a valid email address."}
    assert "<script>alert" not in answer.text


async def test_the_email_that_confirms_the_address_is_sent_again(
    ada_pages: PageClient, container: Container
) -> None:
    there = led_to(await ada_pages.send("/account/verification", {}))

    assert "An email with a new link" in (await ada_pages.open(there)).text
    assert await tasks(container) == ["email:welcome", "email:verification"]


async def test_a_confirmed_address_needs_no_email(ada_pages: PageClient, container: Container) -> None:
    assert "Not confirmed" in (await ada_pages.open("/account")).text
    async with container.database.engine().begin() as connection:
        await connection.execute(update(users).values(verified_at=container.clock().now()))

    for path in ("/account", "/account/verification"):
        page = (await ada_pages.open(path)).text
        assert "onfirmed" in page
        assert "Send it again" not in page


async def test_a_new_password_keeps_this_session_and_ends_the_others(ada_pages: PageClient) -> None:
    await log_in(ada_pages, PASSWORD)

    there = led_to(await ada_pages.send("/account/password", FORMS["/account/password"]))

    overview = (await ada_pages.open(there)).text
    assert "Your password is changed." in overview
    assert overview.count("Last used") == 0
    assert (await log_in(ada_pages, PASSWORD), await log_in(ada_pages, NEW_PASSWORD)) == (401, 200)


@pytest.mark.parametrize(
    ("form", "status", "errors"),
    [
        ({"current_password": "wrong horse"}, 403, {"current_password": "Current password is wrong."}),
        (
            {"new_password": "short"},
            422,
            {"new_password": "New password must be between 8 and 128 characters."},
        ),
        ({"new_password": "adalovelace"}, 422, None),
    ],
)
async def test_a_refused_password_changes_nothing(
    ada_pages: PageClient, form: dict[str, str], status: int, errors: dict[str, str] | None
) -> None:
    filled = {**FORMS["/account/password"], **form}

    answer = await ada_pages.send("/account/password", filled)

    assert answer.status_code == status
    assert list(ada_pages.errors_in(answer)) == list(form)
    assert errors in (None, ada_pages.errors_in(answer))
    assert all(f'value="{value}"' not in answer.text for value in filled.values())
    assert await log_in(ada_pages, PASSWORD) == 200


async def test_guesses_at_the_password_have_to_wait(settings: Settings) -> None:
    container = Container(settings=with_long_lockout(settings, rate_limit_login_failures="2/15 minutes"))
    transport = httpx.ASGITransport(shared_app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        pages = PageClient(client)
        await pages.send("/sign-up", ADA)
        for _ in range(2):
            assert (await pages.send("/account/delete", {"password": "wrong horse"})).status_code == 403

        for path in ("/account/email", "/account/password", "/account/delete"):
            answer = await pages.send(path, FORMS[path])

            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) > 0
            assert "Too many tries. Please try again in" in answer.text


@pytest.mark.parametrize("token", ["", "0" * 64])
async def test_a_form_without_its_csrf_token_changes_nothing(ada_pages: PageClient, token: str) -> None:
    before = (await ada_pages.open("/account")).text

    answers = [await ada_pages.post(path, {**form, "csrf_token": token}) for path, form in FORMS.items()]

    assert {answer.status_code for answer in answers} == {403}
    assert all("This form is out of date" in answer.text for answer in answers)
    assert (await ada_pages.open("/account")).text == before


async def test_no_other_site_sends_a_form_of_the_account(ada_pages: PageClient) -> None:
    before = (await ada_pages.open("/account")).text
    token = await ada_pages.fields_of("/account/name")

    answers = [
        await ada_pages.post(path, {**form, **token}, headers={"Sec-Fetch-Site": "cross-site"})
        for path, form in FORMS.items()
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert (await ada_pages.open("/account")).text == before


async def test_a_form_without_a_session_leads_to_the_log_in(pages: PageClient) -> None:
    for path, form in FORMS.items():
        answers = [await pages.open(path), await pages.post(path, form)]

        assert [led_to(answer) for answer in answers] == [
            f"/log-in?notice=log-in-first&next={path.replace('/', '%2F')}",
            "/log-in?notice=log-in-first",
        ]


async def test_no_id_is_twice_on_a_page(ada_pages: PageClient) -> None:
    for path in ("/account", "/account/activity", *FORMS):
        ids = ada_pages.ids_in(await ada_pages.open(path))

        assert len(ids) == len(set(ids)), path
