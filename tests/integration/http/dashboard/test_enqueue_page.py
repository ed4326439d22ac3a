"""The form that enqueues a task as a browser without scripts gets it, on real Postgres and Redis."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from dependency_injector import providers

from internal.domain.security_event import EventName
from internal.infrastructure.bootstrap.container import Container
from internal.ports.security_event_log import EventFilter
from tests.fakes.audit_trail import FakeAuditTrail
from tests.support.accounts import Account

pytestmark = pytest.mark.anyio

PAGE = "/dashboard/enqueue"
NAME = "email:email-changed"
TYPED = {
    "task": NAME,
    "payload.user_id": "e93ad238-1f7d-4f21-897f-7ec0d8fb3744",
    "payload.email": "grace@example.com",
    "payload.name": '"><script>alert(1)</script>',
    "payload.changed_at": "2030-03-04T23:07:00Z",
    "option.queue": "low",
    "option.delay": "15m",
}


async def form_of(client: httpx.AsyncClient, admin: Account, name: str = NAME) -> dict[str, str]:
    """The hidden fields of a new form."""
    page = await client.get(PAGE, params={"task": name}, headers=admin.headers)
    assert page.status_code == 200
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))


async def sent(client: httpx.AsyncClient, admin: Account, to: str = PAGE, **changes: str) -> httpx.Response:
    form = await form_of(client, admin, changes.get("task", NAME))
    return await client.post(to, data={**form, **TYPED, **changes}, headers=admin.headers)


async def test_lists_the_tasks_with_what_they_do(client: httpx.AsyncClient, admin: Account) -> None:
    page = await client.get(PAGE, headers=admin.headers)

    assert f'href="{PAGE}?task=email%3Aemail-changed"' in page.text
    assert "Tell the old address of an account" in page.text


async def test_a_viewer_sees_why_not_and_is_refused(client: httpx.AsyncClient, viewer: Account) -> None:
    page = await client.get(PAGE, params={"task": NAME}, headers=viewer.headers)
    forged = await client.post(PAGE, data=TYPED, headers=viewer.headers)
    preview = await client.post(f"{PAGE}/preview", data=TYPED, headers=viewer.headers)

    assert "Your account may only look" in page.text
    assert 'href="/dashboard/enqueue?task' not in page.text
    assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]
    assert (forged.status_code, preview.status_code) == (403, 403)


async def test_stores_the_task_records_it_and_leads_to_its_page(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    answer = await sent(client, admin)

    assert answer.status_code == 303
    page = await client.get(answer.headers["location"], headers=admin.headers)
    assert "The task is stored in the outbox" in page.text
    link = re.search(r'href="(/dashboard/tasks/low/[^"]+)">Open its page', page.text)
    assert link
    assert "Scheduled" in (await client.get(link[1], headers=admin.headers)).text
    only = EventFilter(name=EventName.TASKS_ENQUEUE)
    [event] = (await container.database.security_event_log().page(only, size=2)).events
    assert (event.result, event.details["queue"], event.details["name"]) == ("success", "low", NAME)
    assert event.actor_id == admin.id
    assert "grace" not in str(event)


async def test_a_form_that_is_sent_twice_stores_one_task(client: httpx.AsyncClient, admin: Account) -> None:
    form = {**await form_of(client, admin), **TYPED}

    first, second = [await client.post(PAGE, data=form, headers=admin.headers) for _ in range(2)]

    ids = [parse_qs(urlsplit(each.headers["location"]).query)["id"] for each in (first, second)]
    assert ids[0] == ids[1]
    page = await client.get(second.headers["location"], headers=admin.headers)
    assert "Nothing was stored: an equal task has not ended." in page.text


async def test_enqueues_directly(client: httpx.AsyncClient, container: Container, admin: Account) -> None:
    answer = await sent(client, admin, task="outbox:purge", is_direct="true")

    page = await client.get(answer.headers["location"], headers=admin.headers)
    assert "The task is enqueued to low." in page.text
    assert (await container.inspection().tasks().queue("low")).size == 1


async def test_a_refused_form_keeps_what_was_typed(client: httpx.AsyncClient, admin: Account) -> None:
    answer = await sent(client, admin, **{"payload.user_id": "seven <b>", "option.delay": "soon"})

    assert answer.status_code == 422
    assert "Nothing was enqueued. These do not fit yet: user_id, Delay." in answer.text
    assert "Must be a UUID." in answer.text
    assert 'value="seven &lt;b&gt;"' in answer.text
    assert 'value="grace@example.com"' in answer.text
    assert "<details open>" in answer.text
    assert "<script>alert" not in answer.text
    assert "hx-get" not in answer.text


async def test_previews_the_command_and_publishes_nothing(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    answer = await sent(client, admin, f"{PAGE}/preview")

    assert answer.status_code == 200
    shown = unescape(answer.text)
    assert "./admin task enqueue email:email-changed" in shown
    assert "--queue=low" in shown
    assert "--delay=15m" in shown
    assert '"email": "grace@example.com"' in shown
    assert (await container.inspection().outbox().stats()).waiting == 0


async def test_a_payload_that_cannot_be_stored_is_refused(client: httpx.AsyncClient, admin: Account) -> None:
    answer = await sent(client, admin, **{"payload.name": "a\0b"})

    assert answer.status_code == 422
    assert "cannot be stored" in answer.text


async def test_nothing_is_published_that_cannot_be_recorded(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    with container.database().audit_trail.override(providers.Object(FakeAuditTrail(is_away=True))):
        answer = await sent(client, admin)

    assert answer.status_code == 503
    assert "Please try again in a minute." in answer.text
    assert 'value="grace@example.com"' in answer.text


@pytest.mark.parametrize("task", ["", "nothing:known", "x" * 5000])
async def test_an_unknown_task_is_a_404(client: httpx.AsyncClient, admin: Account, task: str) -> None:
    forged = await client.post(PAGE, data={**TYPED, "task": task}, headers=admin.headers)

    assert forged.status_code == 404


async def test_a_forged_result_shows_no_text_of_its_own(client: httpx.AsyncClient, admin: Account) -> None:
    query = {"task": NAME, "result": "Send money", "queue": "<b>", "id": "javascript:alert(1)"}
    page = await client.get(PAGE, params=query, headers=admin.headers)
    link = await client.get(PAGE, params={**query, "result": "stored"}, headers=admin.headers)

    assert "Send money" not in page.text
    assert "<b>" not in link.text
    assert 'href="/dashboard/tasks/%3Cb%3E/javascript%253Aalert%25281%2529"' in link.text
