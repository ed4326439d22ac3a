"""The sessions and the activity of an account, on pages."""

from uuid import UUID, uuid4

import httpx
import pytest
from markupsafe import escape
from sqlalchemy import insert, select, update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import security_events, sessions, users
from tests.integration.http.web.conftest import ADA
from tests.support.accounts import stored_account
from tests.support.pages import PageClient

pytestmark = pytest.mark.anyio

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
HOSTILE = [
    "<script>alert(1)</script>",
    "a" * 256,
    '"><img src=x onerror=alert(1)>',
    "\u05d0\u05d1\u05d2",
    "{{ 7*7 }}",
]


async def log_in(pages: PageClient, user_agent: str = FIREFOX) -> dict[str, str]:
    """Another session of Ada; returns its headers."""
    form = {"email": ADA["email"], "password": ADA["password"]}
    headers = {"User-Agent": user_agent}
    data = (await pages.client.post("/api/v1/auth/login", json=form, headers=headers)).json()["data"]
    return {"Authorization": f"Bearer {data['token']}"}


async def session_ids(container: Container) -> list[str]:
    """The newest first."""
    async with container.database.engine().connect() as connection:
        query = select(sessions.c.id).order_by(sessions.c.created_at.desc())
        return [str(session_id) for session_id in await connection.scalars(query)]


async def record(container: Container, *names: str, **columns: object) -> None:
    async with container.database.engine().begin() as connection:
        user_id = await connection.scalar(select(users.c.id))
        row = {"result": "success", "actor_id": user_id, "subject_id": user_id, "details": {}, **columns}
        await connection.execute(insert(security_events), [{"name": name, **row} for name in names])


async def test_this_device_comes_first_and_has_no_button(ada_pages: PageClient) -> None:
    await log_in(ada_pages)

    page = (await ada_pages.open("/account/sessions")).text

    assert page.index("This device") < page.index("Firefox on Linux")
    assert page.count('name="session_id"') == 1


async def test_the_overview_shows_this_session_and_how_many_there_are(ada_pages: PageClient) -> None:
    for _ in range(11):
        await log_in(ada_pages)

    page = (await ada_pages.open("/account")).text

    assert "All 12 sessions" in page
    assert (page.count("This device"), page.count("Last used")) == (1, 2)


async def test_a_session_ends_by_its_button(ada_pages: PageClient) -> None:
    other = await log_in(ada_pages)

    answer = await ada_pages.send("/account/sessions", {})

    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sessions?notice=session-ended")
    assert "The session is ended." in (await ada_pages.open(answer.headers["location"])).text
    ada_pages.client.cookies.clear()
    assert (await ada_pages.client.get("/api/v1/users/me", headers=other)).status_code == 401


async def test_ending_the_own_session_logs_out(ada_pages: PageClient, container: Container) -> None:
    await log_in(ada_pages)
    _, own = await session_ids(container)

    answer = await ada_pages.send("/account/sessions", {"session_id": own})

    assert (answer.status_code, answer.headers["location"]) == (303, "/log-in?notice=logged-out")
    assert not ada_pages.client.cookies


@pytest.mark.parametrize("session_id", ["", "x", str(UUID(int=7)), "of a stranger"])
async def test_a_session_of_nobody_or_of_a_stranger_is_not_found(
    ada_pages: PageClient, container: Container, session_id: str
) -> None:
    await log_in(ada_pages)
    stranger = await stored_account(container)
    given = str(stranger.session_id) if session_id == "of a stranger" else session_id

    answer = await ada_pages.send("/account/sessions", {"session_id": given})

    assert answer.status_code == 404
    assert "This session has ended already." in answer.text
    assert "This device" in answer.text
    assert str(stranger.session_id) in await session_ids(container)


async def test_all_sessions_end_at_once(ada_pages: PageClient, container: Container) -> None:
    await log_in(ada_pages)

    answer = await ada_pages.send("/account/sessions/end-all", {})

    assert (answer.status_code, answer.headers["location"]) == (303, "/log-in?notice=all-sessions-ended")
    assert not ada_pages.client.cookies
    assert await session_ids(container) == []


async def test_a_user_agent_is_only_text(ada_pages: PageClient, container: Container) -> None:
    await log_in(ada_pages)
    for user_agent in HOSTILE:
        async with container.database.engine().begin() as connection:
            for table in (sessions, security_events):
                await connection.execute(update(table).values(user_agent=user_agent))

        for path in ("/account", "/account/sessions", "/account/activity"):
            page = (await ada_pages.open(path)).text

            assert f"<bdi>{str(escape(user_agent))[:50]}" in page
            assert "a" * 61 not in page


@pytest.mark.parametrize("name", ["<b>Ada</b>", "\u05e2\u05d3\u05d4", "W" * 100])
async def test_a_name_is_only_text(ada_pages: PageClient, name: str) -> None:
    await ada_pages.send("/account/name", {"name": name})

    assert f"<bdi>{escape(name)}</bdi>" in (await ada_pages.open("/account")).text


async def test_activity_is_in_plain_words_and_goes_on_page_by_page(
    ada_pages: PageClient, container: Container
) -> None:
    await record(container, *["auth.logged_in"] * 20, "auth.login_failed", "auth.of_a_newer_version")

    first = await ada_pages.open("/account/activity")
    [older] = ada_pages.links_in(first, rel="next")
    second = await ada_pages.open(older)

    assert "Other event: auth.of_a_newer_version" in first.text
    assert "Log-in failed: wrong password" in first.text
    assert (first.text.count("Logged in"), second.text.count("Logged in")) == (18, 2)
    assert "Account created" in second.text
    assert ada_pages.links_in(second, rel="next") == []
    assert 'href="/account/activity">Newest' in second.text


async def test_a_cursor_that_no_page_has_given_is_a_quiet_page(ada_pages: PageClient) -> None:
    for cursor in ("", "x", "%00", "9" * 400, "-1"):
        answer = await ada_pages.open(f"/account/activity?cursor={cursor}")

        assert answer.status_code == 422
        assert "There is nothing on this page." in answer.text


async def test_nobody_learns_where_an_administrator_is(ada_pages: PageClient, container: Container) -> None:
    admin = {"actor_id": uuid4(), "address": "192.0.2.99", "user_agent": FIREFOX}
    await record(
        container, "admin.role_changed", **{**admin, "details": {"before": "user", "role": "viewer"}}
    )

    page = (await ada_pages.open("/account/activity")).text

    assert "Role changed from user to viewer by an administrator" in page
    assert "192.0.2.99" not in page
    assert "Firefox" not in page


async def test_the_pages_of_a_stranger_show_nothing_of_ada(
    client: httpx.AsyncClient, ada_pages: PageClient
) -> None:
    await ada_pages.send("/log-out", {})
    await ada_pages.send("/sign-up", {**ADA, "email": "eve@example.com", "name": "Eve"})

    for path in ("/account", "/account/sessions", "/account/activity", "/account/email"):
        page = (await client.get(path)).text
        assert ADA["email"] not in page
        assert ADA["name"] not in page
