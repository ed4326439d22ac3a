"""The pages that links in emails lead to: opening one changes nothing, and its form uses the token once."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import httpx
import pytest

from internal.domain.account_token import TokenPurpose
from internal.infrastructure.bootstrap.container import Container
from tests.support.mailed_tokens import PASSWORD, MailedTokens
from tests.support.pages import PageClient

pytestmark = pytest.mark.anyio

VERIFY, RESET, CONFIRM = TokenPurpose.VERIFY_EMAIL, TokenPurpose.RESET_PASSWORD, TokenPurpose.CONFIRM_EMAIL
ADDRESS = {CONFIRM: "ada.king@example.com"}
HTML = '"><script>alert(1)</script>'
NEW = "battery staple"
FORM: Mapping[TokenPurpose, Mapping[str, str]] = {VERIFY: {}, RESET: {"password": NEW}, CONFIRM: {}}
# Where a link leads in the end, and where its page leads when the link no longer works.
DONE = {
    VERIFY: "/verify-email/done",
    RESET: "/log-in?notice=password-reset",
    CONFIRM: "/confirm-email/done",
}
CURE = {VERIFY: "/resend-verification", RESET: "/forgot-password", CONFIRM: "/account"}


@pytest.fixture
def pages(client: httpx.AsyncClient) -> PageClient:
    return PageClient(client)


@pytest.fixture
def site(client: httpx.AsyncClient, container: Container) -> MailedTokens:
    return MailedTokens(client, container)


async def link(site: MailedTokens, purpose: TokenPurpose, *, valid_until: datetime | None = None) -> str:
    ada, _ = await site.sign_up()
    token = await site.mailed(ada, purpose, email=ADDRESS.get(purpose), valid_until=valid_until)
    return f"/{purpose}?token={token}"


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_a_link_works_once_and_then_says_so(
    site: MailedTokens, pages: PageClient, purpose: TokenPurpose
) -> None:
    opened = await link(site, purpose)

    first = await pages.send(opened, FORM[purpose])
    done = await pages.open(first.headers["location"])
    again = await pages.send(opened, FORM[purpose])

    assert (first.status_code, first.headers["location"]) == (303, DONE[purpose])
    assert done.status_code == HTTPStatus.OK
    assert again.status_code == HTTPStatus.BAD_REQUEST
    assert "This link no longer works" in again.text
    assert f'href="{CURE[purpose]}"' in again.text


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_opening_a_link_changes_nothing(
    site: MailedTokens, pages: PageClient, purpose: TokenPurpose
) -> None:
    opened = await link(site, purpose)

    for method in ("GET", "HEAD", "OPTIONS"):
        answer = await pages.client.request(method, opened, headers={"Sec-Purpose": "prefetch;prerender"})
        assert answer.is_success

    assert (await pages.send(opened, FORM[purpose])).headers["location"] == DONE[purpose]


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_a_token_of_nobody_leads_to_a_new_email(pages: PageClient, purpose: TokenPurpose) -> None:
    for token in ("", "A" * 43, "\0", "' OR 1=1 --", "ä€😀", "\ufffd", HTML):
        answer = await pages.post(f"/{purpose}", {"token": token, **FORM[purpose]})

        assert answer.status_code == HTTPStatus.BAD_REQUEST, token
        assert f'href="{CURE[purpose]}"' in answer.text


async def test_an_expired_link_leads_to_a_new_email(site: MailedTokens, pages: PageClient) -> None:
    opened = await link(site, VERIFY, valid_until=datetime.now(UTC))

    answer = await pages.send(opened, {})

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert f'href="{CURE[VERIFY]}"' in answer.text


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_a_link_without_its_token_leads_to_a_new_email(
    pages: PageClient, purpose: TokenPurpose
) -> None:
    for path in (f"/{purpose}", f"/{purpose}?token="):
        answer = await pages.open(path)

        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert f'href="{CURE[purpose]}"' in answer.text


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_a_token_is_text_in_the_page(pages: PageClient, purpose: TokenPurpose) -> None:
    for token in (HTML, "{{ 7 * 7 }}", "A" * 64_000):
        answer = await pages.client.get(f"/{purpose}", params={"token": token})

        assert answer.status_code == HTTPStatus.OK
        assert html.unescape(pages.hidden_in(answer)["token"]) == token
        assert HTML not in answer.text


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_a_malformed_query_breaks_nothing(pages: PageClient, purpose: TokenPurpose) -> None:
    as_form = {"Content-Type": "application/x-www-form-urlencoded"}
    for query in ("token=%00", "token=%ED%A0%80", "token=%FF", "token=a&token=b", "token", "%FF=1", "%", ";"):
        opened = await pages.open(f"/{purpose}?{query}")
        sent = await pages.client.post(f"/{purpose}", content=query, headers=as_form)

        assert opened.status_code in {200, 400}, query
        assert sent.status_code in {400, 422}, query


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_a_form_that_is_too_large_is_refused_with_a_page(
    pages: PageClient, purpose: TokenPurpose
) -> None:
    answer = await pages.post(f"/{purpose}", {"token": "A" * 66_000})

    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_a_token_leaves_no_trace(site: MailedTokens, pages: PageClient, purpose: TokenPurpose) -> None:
    opened = await link(site, purpose)

    page = await pages.open(opened)
    sent = await pages.send(opened, FORM[purpose])

    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    assert opened.partition("token=")[2] not in str(sent.headers)
    assert opened.partition("token=")[2] not in sent.text


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_no_other_site_uses_a_link(
    site: MailedTokens, pages: PageClient, purpose: TokenPurpose
) -> None:
    opened = await link(site, purpose)
    form = {"token": opened.partition("token=")[2], **FORM[purpose]}

    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://attacker.example"}):
        refused = await pages.post(f"/{purpose}", form, headers=headers)
        assert refused.status_code == HTTPStatus.FORBIDDEN

    assert (await pages.send(opened, FORM[purpose])).headers["location"] == DONE[purpose]


async def test_a_refused_password_keeps_the_link(site: MailedTokens, pages: PageClient) -> None:
    opened = await link(site, RESET)

    refused = await pages.send(opened, {"password": "short"})

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert pages.errors_in(refused) == {"password": "New password must be between 8 and 128 characters."}
    form = pages.hidden_in(refused)
    assert (await pages.post("/reset-password", {**form, "password": NEW})).status_code == 303


async def test_a_new_password_ends_the_session_of_the_browser(site: MailedTokens, pages: PageClient) -> None:
    opened = await link(site, RESET)
    await pages.send("/log-in", {"email": "ada@example.com", "password": PASSWORD})
    assert pages.client.cookies

    await pages.send(opened, {"password": NEW})

    assert not pages.client.cookies
    back = await pages.send("/log-in", {"email": "ada@example.com", "password": NEW})
    assert back.headers["location"] == "/account"


async def test_an_address_that_another_account_got_first_stays_there(
    site: MailedTokens, pages: PageClient
) -> None:
    opened = await link(site, CONFIRM)
    await site.sign_up(ADDRESS[CONFIRM])

    answer = await pages.send(opened, {})

    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Another account has this address by now." in answer.text
