"""The overview as a browser without scripts gets it."""

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest

from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.task_statistics import Figures
from internal.ports.tasks import TaskState
from tests.support.accounts import Account
from tests.support.taskqueue.counted import row_of
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio

OVERVIEW = "/dashboard"
RANGES = ["1h", "24h", "7d", "30d", "90d"]
HOSTILE = '<script>alert("\u202e")</script>' + "x" * 1_000

Did = Callable[[str, Figures], None]


@pytest.fixture
def did(desk: Desk) -> Did:
    """Count attempts of a task of `default`, as its worker would."""
    batches = iter(range(1, 100))

    def count(name: str, figures: Figures) -> None:
        row = row_of((0.02, 0.3), figures=figures)
        desk.engine.call(scripts.ADD_STATISTICS, ("worker", next(batches), [("default", name, row)]))

    return count


@pytest.mark.parametrize("span", RANGES)
async def test_shows_what_tasks_did_in_a_range(
    client: httpx.AsyncClient, viewer: Account, did: Did, span: str
) -> None:
    did("mail", Figures(succeeded=1_234, retried=20, archived=3))

    page = await client.get(f"{OVERVIEW}?range={span}", headers=viewer.headers)

    assert page.status_code == 200
    assert f'<a href="/dashboard?range={span}" aria-current="true">' in page.text
    assert "succeeded <b>1,234</b>" in page.text
    assert ": 1,234 succeeded, 20 to be retried, 3 archived</title>" in page.text
    assert ('<i class="due">' in page.text) == (span == "1h")
    assert "/dashboard/tasks?queue=default&amp;name=mail" in page.text
    assert "style=" not in page.text


async def test_the_chart_is_also_a_table(client: httpx.AsyncClient, viewer: Account, did: Did) -> None:
    did("mail", Figures(succeeded=1_234))

    page = await client.get(f"{OVERVIEW}?range=24h&view=table", headers=viewer.headers)

    assert '<td class="num">1,234</td>' in page.text
    assert 'href="/dashboard?range=7d&amp;view=table"' in page.text
    assert 'role="img" aria-label="Attempts' not in page.text


@pytest.mark.parametrize("query", ["range=", "range=2h", "range=%00", "range=1h&range=7d", "view=chart"])
async def test_an_unknown_range_is_one_of_the_known(
    client: httpx.AsyncClient, viewer: Account, query: str
) -> None:
    page = await client.get(f"{OVERVIEW}?{query}", headers=viewer.headers)

    assert page.status_code == 200
    assert len(re.findall('<a href="/dashboard[?]range=[0-9]+[hd]" aria-current="true">', page.text)) == 1


async def test_a_task_that_fails_is_a_sentence_with_a_link(
    client: httpx.AsyncClient, viewer: Account, did: Did
) -> None:
    did("email:welcome", Figures(succeeded=88, retried=12))

    page = await client.get(OVERVIEW, headers=viewer.headers)

    assert "<b>email:welcome</b> fails in default: 12.0 % of 100 attempts in the last hour." in page.text
    assert 'href="/dashboard/failures?task=email%3Awelcome"' in page.text


async def test_without_attempts_it_says_what_will_be_here(
    client: httpx.AsyncClient, viewer: Account, admin: Account, desk: Desk
) -> None:
    desk.engine.client.flushdb()

    page = await client.get(OVERVIEW, headers=viewer.headers)
    admins = await client.get(OVERVIEW, headers=admin.headers)

    assert "No attempt has ended in the last hour. A bar appears here" in page.text
    assert "Each task name that a worker runs has a row here." in page.text
    assert "Enqueue a task" not in page.text
    assert "Enqueue a task" in admins.text


async def test_a_task_that_is_due_is_shown_before_it_runs(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    desk.add("1", TaskState.SCHEDULED, wait=5 * 60_000)

    page = await client.get(OVERVIEW, headers=viewer.headers)

    assert "due <b>1</b>" in page.text
    assert ": 1 due</title>" in page.text


async def test_a_hostile_name_is_text_and_cut(client: httpx.AsyncClient, viewer: Account, did: Did) -> None:
    did(HOSTILE, Figures(archived=50))

    page = await client.get(OVERVIEW, headers=viewer.headers)

    assert "<script>alert" not in page.text
    assert "\u202e" not in unescape(page.text)
    assert "x" * 100 + "</a>" not in page.text


async def test_the_page_of_a_queue_has_its_own_chart(
    client: httpx.AsyncClient, viewer: Account, desk: Desk, did: Did
) -> None:
    desk.add("1")
    did("mail", Figures(succeeded=7, retried=1))

    page = await client.get("/dashboard/queues/default", headers=viewer.headers)

    assert (
        'aria-label="Attempts per minute in the last hour: 7 succeeded, 1 to be retried, 0 archived."'
        in page.text
    )


async def test_viewers_share_drawings_but_no_token_and_no_button(
    client: httpx.AsyncClient, admin: Account, viewer: Account, desk: Desk
) -> None:
    desk.add("1")

    of_admin = await client.get(OVERVIEW, headers=admin.headers)
    of_viewer = await client.get(OVERVIEW, headers=viewer.headers)

    assert 'formaction="/dashboard/queues/default/pause"' in of_admin.text
    assert of_admin.text.count('name="csrf_token"') == 1
    assert "formaction" not in of_viewer.text
    assert "csrf_token" not in of_viewer.text
    assert admin.user.email.value not in of_viewer.text
