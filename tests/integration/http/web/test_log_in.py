"""Sign-up, log-in and log-out on pages, as a browser without scripts sends their forms."""

from http import HTTPStatus

import httpx
import pytest

from internal.infrastructure.http.web.local_path import local_path
from tests.support.pages import PageClient

pytestmark = pytest.mark.anyio

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse battery"}


@pytest.fixture
async def ada(pages: PageClient) -> None:
    """Ada has an account, and the browser has no session."""
    await pages.send("/sign-up", ADA)
    pages.client.cookies.clear()


async def test_a_sign_up_leads_to_the_account(pages: PageClient) -> None:
    answer = await pages.send("/sign-up", ADA)

    assert (answer.status_code, answer.headers["location"]) == (303, "/account?notice=welcome")
    assert ADA["name"] in (await pages.open("/account")).text


async def test_a_form_that_is_sent_twice_signs_up_once(pages: PageClient) -> None:
    form = {**ADA, "key": (await pages.fields_of("/sign-up"))["key"]}

    answers = [await pages.post("/sign-up", form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]


@pytest.mark.parametrize("key", ["", "not a UUID", "\0"])
async def test_a_key_that_the_form_did_not_have_is_ignored(pages: PageClient, key: str) -> None:
    answer = await pages.post("/sign-up", {**ADA, "key": key})

    assert answer.status_code == 303


async def test_errors_are_beside_their_fields_and_what_was_typed_stays(pages: PageClient) -> None:
    answer = await pages.send("/sign-up", {"email": "ada<b>@example", "name": "Ada", "password": "short"})

    assert answer.status_code == 422
    assert pages.errors_in(answer) == {
        "email": "Email address must be a valid email address.",
        "password": "Password must be between 8 and 128 characters.",
    }
    assert 'value="ada&lt;b&gt;@example"' in answer.text
    assert "short" not in answer.text


@pytest.mark.usefixtures("ada")
async def test_a_taken_address_is_an_error_of_its_field(pages: PageClient) -> None:
    answer = await pages.send("/sign-up", {**ADA, "name": "Another Ada"})

    assert answer.status_code == 409
    assert pages.errors_in(answer) == {"email": "Email address already has an account."}


@pytest.mark.usefixtures("ada")
async def test_a_wrong_password_keeps_the_address(pages: PageClient) -> None:
    answer = await pages.send("/log-in", {**ADA, "password": "wrong"})

    assert answer.status_code == 401
    assert "The email address or the password is wrong." in answer.text
    assert f'value="{ADA["email"]}"' in answer.text
    assert "www-authenticate" not in answer.headers


@pytest.mark.usefixtures("ada")
async def test_a_page_that_needs_a_session_leads_to_the_log_in_and_back(pages: PageClient) -> None:
    away = await pages.open("/account")
    log_in = away.headers["location"]
    assert (away.status_code, log_in) == (303, "/log-in?notice=log-in-first&next=%2Faccount")

    back = await pages.send(log_in, ADA)

    assert (back.status_code, back.headers["location"]) == (303, "/account")


async def test_a_session_outlives_its_access_token(pages: PageClient) -> None:
    await pages.send("/sign-up", ADA)
    pages.client.cookies.delete("access_token")

    answer = await pages.open("/account")

    assert answer.status_code == HTTPStatus.OK
    assert pages.client.cookies["access_token"]


async def test_a_session_that_has_ended_is_forgotten(pages: PageClient) -> None:
    await pages.send("/sign-up", ADA)
    await pages.client.delete(
        "/api/v1/users/me/sessions", headers={"X-CSRF-Token": pages.client.cookies["csrf_token"]}
    )

    answer = await pages.open("/account")

    assert answer.status_code == 303
    assert not pages.client.cookies


async def test_logging_out_ends_the_session(pages: PageClient) -> None:
    await pages.send("/sign-up", ADA)
    before = dict(pages.client.cookies)

    answer = await pages.send("/log-out", {})

    assert (answer.status_code, answer.headers["location"]) == (303, "/log-in?notice=logged-out")
    assert not pages.client.cookies
    pages.client.cookies.update(before)
    assert (await pages.open("/account")).status_code == 303


async def test_logging_out_twice_works(pages: PageClient) -> None:
    assert (await pages.send("/log-out", {})).status_code == 303


async def test_a_form_without_its_csrf_token_changes_nothing(pages: PageClient) -> None:
    await pages.send("/sign-up", ADA)

    answer = await pages.post("/log-out", {"csrf_token": "0" * 64})

    assert answer.status_code == 403
    assert "This form is out of date" in answer.text
    assert (await pages.open("/account")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
@pytest.mark.parametrize("path", ["/sign-up", "/log-in", "/log-out"])
async def test_no_other_site_sends_our_forms(pages: PageClient, path: str, headers: dict[str, str]) -> None:
    answer = await pages.post(path, ADA, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://testserver"}],
)
async def test_our_own_pages_send_our_forms(pages: PageClient, headers: dict[str, str]) -> None:
    assert (await pages.post("/sign-up", ADA, headers=headers)).status_code == 303


@pytest.mark.parametrize("path", ["/account", "/dashboard/tasks?state=retry&queue=default"])
def test_a_log_in_leads_to_pages_of_this_site(path: str) -> None:
    assert local_path(path, home="/home") == path


@pytest.mark.parametrize(
    "path",
    [
        *("", "account", "//attacker.example", "/\\attacker.example", "\\\\attacker.example"),
        *("https://attacker.example", "javascript:alert(1)", "/\t/attacker.example", "/ä", "/a\r\nb"),
    ],
)
def test_a_log_in_leads_nowhere_else(path: str) -> None:
    assert local_path(path, home="/home") == "/home"


async def test_a_person_gets_a_page_for_an_unknown_address_and_a_program_a_problem(
    client: httpx.AsyncClient,
) -> None:
    as_browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    found = [
        (await client.get(path, headers=headers)).headers["content-type"]
        for path in ("/unknown", "/api/v1/unknown")
        for headers in (as_browser, {})
    ]

    problem = "application/problem+json"
    assert found == ["text/html; charset=utf-8", problem, problem, problem]


async def test_any_preference_for_a_type_is_answered(client: httpx.AsyncClient) -> None:
    response = await client.get("/unknown", headers={"Accept": "text/html;q=inf"})

    assert response.status_code == HTTPStatus.NOT_FOUND
