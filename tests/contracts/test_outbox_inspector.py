import base64
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from internal.application.audited_outbox_inspector import AuditedOutboxInspector
from internal.domain.errors import Conflict
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox
from internal.ports.outbox_inspector import (
    APPLIES_TO,
    OutboxAction,
    OutboxInspector,
    OutboxRow,
    OutboxRowNotFound,
    OutboxState,
)
from tests.fakes.clock import FakeClock
from tests.fakes.outbox_inspector import FakeOutboxInspector
from tests.support.audits import audit_on
from tests.support.taskqueue.engine import Hand, engine_on

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
STATES = list(OutboxState)
WITH_NUL = base64.urlsafe_b64encode(b'[false, "2026-01-01T00:00:00Z", "\\u0000"]').decode()


@dataclass(frozen=True)
class Office:
    """`add`: rows as they stand; `run`: have the task of one be running."""

    inspector: OutboxInspector
    add: Callable[..., Awaitable[None]]
    run: Callable[[str], None]

    async def state(self, task_id: str) -> OutboxState:
        return (await self.inspector.row(task_id)).state


def a_row(task_id: str, state: OutboxState, *, ago: timedelta = HOUR, **changes: Any) -> OutboxRow:
    facts: dict[str, Any] = {
        "id": task_id,
        "name": "email:welcome",
        "queue": "default",
        "state": state,
        "payload": {"name": "Ada"},
        "stored_at": NOW - ago,
        "next_try_at": NOW + HOUR,
        "forwarded_at": None if state is OutboxState.WAITING else NOW - ago,
        "ended_at": None if state.is_open else NOW - ago,
    }
    return OutboxRow(**facts | changes)


@pytest.fixture(params=["fake", "audited", "sqlalchemy"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    if request.param != "sqlalchemy":
        fake = FakeOutboxInspector(FakeClock(NOW), batch=2)

        async def add(*rows: OutboxRow) -> None:
            fake.add(*rows)

        audited = AuditedOutboxInspector(fake, audit=audit_on())
        yield Office(audited if request.param == "audited" else fake, add, fake.active.add)
        return
    container: Container = request.getfixturevalue("container")
    with engine_on(request.getfixturevalue("redis_url")) as engine:

        def run(task_id: str) -> None:
            engine.publish(task_id)
            Hand(engine).fetch()

        yield Office(container.inspection.outbox(), lambda *rows: store(container, *rows), run)


async def store(container: Container, *rows: OutboxRow) -> None:
    completions = {OutboxState.DONE: True, OutboxState.GIVEN_UP: False}
    async with container.database.engine().begin() as connection:
        for row in rows:
            values = {
                "id": row.id,
                "task_name": row.name,
                "payload": row.payload,
                "options": {"queue": row.queue},
                "created_at": row.stored_at,
                "next_try_at": row.next_try_at,
                "forwarded_at": row.forwarded_at,
                "completed_at": row.completed_at,
                "closed_at": row.ended_at,
                "succeeded": completions.get(row.state),
                "last_error": row.last_error,
                "last_error_at": row.last_failed_at,
            }
            await connection.execute(insert(outbox).values(values))


async def test_an_empty_outbox_has_nothing_to_tell(office: Office) -> None:
    stats = await office.inspector.stats()

    assert (stats.waiting, stats.forwarded, stats.given_up) == (0, 0, 0)
    assert (stats.oldest_waiting, stats.oldest_open) == (None, None)
    assert (stats.last_error, stats.last_failed_at) == (None, None)
    assert (await office.inspector.rows(OutboxState.WAITING)).rows == []


async def test_counts_and_dates_what_operators_are_needed_for(office: Office) -> None:
    await office.add(
        a_row("w1", OutboxState.WAITING, ago=HOUR, last_error="away", last_failed_at=NOW - HOUR),
        a_row("w2", OutboxState.WAITING, ago=2 * HOUR, last_error="full", last_failed_at=NOW),
        a_row("f", OutboxState.FORWARDED, ago=3 * HOUR),
        a_row("g", OutboxState.GIVEN_UP, ago=4 * HOUR, last_error="old", last_failed_at=NOW + HOUR),
        a_row("d", OutboxState.DONE, ago=5 * HOUR),
        a_row("u", OutboxState.DUPLICATE, ago=6 * HOUR),
    )

    stats = await office.inspector.stats()

    assert (stats.waiting, stats.forwarded, stats.given_up) == (2, 1, 1)
    for age, hours in ((stats.oldest_waiting, 2), (stats.oldest_open, 3)):
        assert age is not None
        assert abs(age - hours * HOUR) < timedelta(minutes=5)
    assert (stats.last_error, stats.last_failed_at) == ("full", NOW)


@pytest.mark.parametrize("state", STATES)
async def test_shows_a_row_as_it_stands(office: Office, state: OutboxState) -> None:
    row = a_row(
        "one", state, queue="low", completed_at=NOW, last_error="Redis is full", last_failed_at=NOW - HOUR
    )
    await office.add(row, a_row("other", state))

    assert await office.inspector.row("one") == row


@pytest.mark.parametrize("task_id", ["nobody", "nobody\0"])
async def test_says_that_there_is_no_such_row(office: Office, task_id: str) -> None:
    with pytest.raises(OutboxRowNotFound, match="nobody"):
        await office.inspector.row(task_id)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("state", STATES)
async def test_pages_of_a_state_have_each_row_once_and_in_order(
    office: Office, state: OutboxState, *, newest_first: bool
) -> None:
    await office.add(*(a_row(f"row-{hours}", state, ago=hours * HOUR) for hours in (3, 1, 5, 2)))
    await office.add(a_row("row-4a", state, ago=4 * HOUR), a_row("row-4b", state, ago=4 * HOUR))
    await office.add(*(a_row(other, other) for other in STATES if other is not state))
    found: list[str] = []
    cursor = None

    while True:
        page = await office.inspector.rows(state, newest_first=newest_first, size=2, cursor=cursor)
        found += [row.id for row in page.rows]
        cursor = page.next
        if cursor is None:
            break

    oldest_first = ["row-5", "row-4a", "row-4b", "row-3", "row-2", "row-1"]
    assert found == (oldest_first[::-1] if newest_first else oldest_first)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 10])
async def test_pages_of_all_states_have_the_open_rows_as_the_newest(
    office: Office, size: int, *, newest_first: bool
) -> None:
    await office.add(
        a_row("waits", OutboxState.WAITING, ago=9 * HOUR),
        a_row("sent", OutboxState.FORWARDED, ago=8 * HOUR),
        a_row("archived", OutboxState.GIVEN_UP, ago=3 * HOUR),
        a_row("done", OutboxState.DONE, ago=2 * HOUR),
        a_row("equal", OutboxState.DUPLICATE, ago=HOUR),
    )
    found: list[str] = []
    cursor = None

    while True:
        page = await office.inspector.rows(None, newest_first=newest_first, size=size, cursor=cursor)
        assert len(page.rows) == min(size, 5 - len(found))
        found += [row.id for row in page.rows]
        cursor = page.next
        if cursor is None:
            break

    oldest_first = ["archived", "done", "equal", "waits", "sent"]
    assert found == (oldest_first[::-1] if newest_first else oldest_first)


async def test_an_empty_outbox_has_an_empty_page(office: Office) -> None:
    page = await office.inspector.rows(None)

    assert (page.rows, page.next) == ([], None)


@pytest.mark.parametrize(
    ("size", "cursor"),
    [(0, None), (501, None), (1, "no cursor"), (1, "W10"), (1, "W1tb" * 3_000), (1, WITH_NUL)],
)
async def test_refuses_a_page_that_cannot_be(office: Office, size: int, cursor: str | None) -> None:
    with pytest.raises(ValueError, match=r"size|cursor"):
        await office.inspector.rows(OutboxState.DONE, size=size, cursor=cursor)


@pytest.mark.parametrize(
    ("action", "becomes"),
    [(OutboxAction.REDRIVE, OutboxState.FORWARDED), (OutboxAction.DISCARD, OutboxState.GIVEN_UP)],
)
async def test_acts_on_rows_of_some_states_only(
    office: Office, action: OutboxAction, becomes: OutboxState
) -> None:
    await office.add(*(a_row(state, state) for state in STATES))

    result = await office.inspector.act(action, [*STATES, "nobody", "a\0b", *STATES])

    others = [state for state in STATES if state not in APPLIES_TO[action]]
    assert list(result.done) == [state for state in STATES if state in APPLIES_TO[action]]
    refused = {str(state): f"it is {state}" for state in others}
    assert result.refused == refused | dict.fromkeys(["nobody", "a\0b"], "there is no such row")
    for state in STATES:
        assert await office.state(state) is (state if state in others else becomes)


async def test_a_running_task_is_not_discarded(office: Office) -> None:
    await office.add(a_row("runs", OutboxState.FORWARDED), a_row("waits", OutboxState.WAITING))
    office.run("runs")

    result = await office.inspector.act(OutboxAction.DISCARD, ["runs", "waits"])

    assert list(result.done) == ["waits"]
    assert result.refused == {"runs": "its task is active"}
    assert await office.state("runs") is OutboxState.FORWARDED


async def test_an_archived_row_whose_task_still_runs_is_not_redriven(office: Office) -> None:
    await office.add(a_row("stops", OutboxState.GIVEN_UP), a_row("open", OutboxState.FORWARDED))
    office.run("stops")

    result = await office.inspector.act(OutboxAction.REDRIVE, ["stops", "open"])

    assert list(result.done) == ["open"]
    assert result.refused == {"stops": "its task is active"}
    assert await office.state("stops") is OutboxState.GIVEN_UP


async def test_acts_on_all_that_are_in_a_state(office: Office) -> None:
    await office.add(*(a_row(f"row-{number}", OutboxState.GIVEN_UP) for number in range(5)))
    await office.add(a_row("done", OutboxState.DONE))

    results = [
        result async for result in office.inspector.act_on_all(OutboxAction.REDRIVE, OutboxState.GIVEN_UP)
    ]

    assert sorted(task_id for result in results for task_id in result.done) == [
        f"row-{number}" for number in range(5)
    ]
    assert (await office.inspector.stats()).forwarded == 5


async def test_acts_on_all_of_none(office: Office) -> None:
    assert [r async for r in office.inspector.act_on_all(OutboxAction.DISCARD, OutboxState.WAITING)] == []


async def test_an_action_that_does_not_fit_the_state_is_refused(office: Office) -> None:
    with pytest.raises(Conflict):
        await anext(office.inspector.act_on_all(OutboxAction.DISCARD, OutboxState.DONE))


async def test_refuses_more_than_it_does_at_once(office: Office) -> None:
    with pytest.raises(ValueError, match=r"ids|rows"):
        await office.inspector.act(OutboxAction.DISCARD, [str(number) for number in range(501)])
