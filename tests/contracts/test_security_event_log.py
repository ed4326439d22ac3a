import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from internal.domain.caller import Caller
from internal.domain.security_event import EventName, Result
from internal.infrastructure.bootstrap.container import Container
from internal.ports.cursors import InvalidCursor
from internal.ports.security_event_log import (
    EventFilter,
    EventPage,
    RecordedEvent,
    SecurityEventLog,
)
from tests.fakes.security_event_log import FakeSecurityEventLog

pytestmark = pytest.mark.anyio

ADA, EVE = uuid4(), uuid4()
NOON = datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVENT = RecordedEvent(
    id=1,
    occurred_at=NOON,
    name=EventName.LOGIN_FAILED,
    result=Result.FAILURE,
    actor_id=None,
    subject_id=ADA,
    caller=Caller(address="192.0.2.7", user_agent="curl", request_id="r1"),
    details={"reason": "password"},
)
LOG_IN = replace(EVENT, name=EventName.LOGGED_IN, result=Result.SUCCESS, actor_id=ADA)
PAUSE = replace(
    LOG_IN,
    name=EventName.TASKS_PAUSE_QUEUE,
    actor_id=None,
    subject_id=None,
    operator="cli:ada@desk",
    details={"queue": "low"},
)
ADD = text(
    "INSERT INTO security_events OVERRIDING SYSTEM VALUE VALUES (:id, :occurred_at, :name, :result,"
    " :actor_id, :subject_id, :address, :user_agent, :request_id, CAST(:details AS jsonb), :operator)"
)


@dataclass(frozen=True)
class Store:
    log: SecurityEventLog
    add: Callable[[RecordedEvent], Awaitable[None]]

    async def fill(self, *events: RecordedEvent) -> None:
        """Add the events with the ids 1, 2 and so on, a minute apart."""
        for number, event in enumerate(events, start=1):
            await self.add(replace(event, id=number, occurred_at=NOON + number * MINUTE))


@pytest.fixture(params=["fake", "sqlalchemy"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        fake = FakeSecurityEventLog()

        async def append(event: RecordedEvent) -> None:
            fake.recorded.append(event)

        return Store(fake, append)
    container: Container = request.getfixturevalue("container")

    async def add(event: RecordedEvent) -> None:
        async with container.database.engine().begin() as connection:
            await connection.execute(ADD, _to_row(event))

    return Store(container.database.security_event_log(), add)


def _to_row(event: RecordedEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "occurred_at": event.occurred_at,
        "name": event.name,
        "result": event.result.value,
        "actor_id": event.actor_id,
        "subject_id": event.subject_id,
        "address": event.caller.address,
        "user_agent": event.caller.user_agent,
        "request_id": event.caller.request_id,
        "details": json.dumps(event.details),
        "operator": event.operator,
    }


def ids(page: EventPage) -> list[int]:
    return [event.id for event in page.events]


@pytest.mark.parametrize("event", [EVENT, PAUSE], ids=["of an account", "on tasks"])
async def test_returns_an_event_as_it_was_recorded(store: Store, event: RecordedEvent) -> None:
    await store.add(event)

    assert await store.log.page(EventFilter(), size=10) == EventPage(events=[event], next=None)


async def test_returns_an_event_of_a_kind_that_it_does_not_know(store: Store) -> None:
    newer = replace(EVENT, name="auth.of_a_newer_version")
    await store.add(newer)

    assert (await store.log.page(EventFilter(), size=10)).events == [newer]


async def test_pages_follow_one_another_from_the_newest_event_to_the_oldest(store: Store) -> None:
    await store.fill(*[EVENT] * 5)
    first = await store.log.page(EventFilter(), size=2)
    # An event that comes in between belongs before the first page.
    await store.add(replace(EVENT, id=6, occurred_at=NOON + 10 * MINUTE))

    second = await store.log.page(EventFilter(), size=2, cursor=first.next)
    third = await store.log.page(EventFilter(), size=2, cursor=second.next)

    assert [ids(page) for page in (first, second, third)] == [[5, 4], [3, 2], [1]]
    assert third.next is None


async def test_events_of_one_moment_are_neither_repeated_nor_skipped(store: Store) -> None:
    for number in range(1, 4):
        await store.add(replace(EVENT, id=number))

    first = await store.log.page(EventFilter(), size=2)
    second = await store.log.page(EventFilter(), size=2, cursor=first.next)

    assert [ids(first), ids(second)] == [[3, 2], [1]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EventFilter(name=EventName.LOGGED_IN), [3, 2]),
        (EventFilter(result=Result.FAILURE), [4, 1]),
        (EventFilter(result=Result.SUCCESS), [5, 3, 2]),
        (EventFilter(actor_id=EVE), [3]),
        (EventFilter(subject_id=ADA), [2, 1]),
        (EventFilter(subject_id=ADA, result=Result.FAILURE, name=EventName.LOGIN_FAILED), [1]),
        (EventFilter(since=NOON + 3 * MINUTE), [5, 4, 3]),
        (EventFilter(until=NOON + 3 * MINUTE), [2, 1]),
        (EventFilter(since=NOON + 2 * MINUTE, until=NOON + 3 * MINUTE, actor_id=ADA), [2]),
        (EventFilter(actor_id=uuid4()), []),
        (EventFilter(operator="cli:ada@desk"), [5]),
        (EventFilter(operator="cli:eve@desk"), []),
        (EventFilter(only_on_tasks=True), [5]),
        (EventFilter(only_on_tasks=True, result=Result.FAILURE), []),
    ],
)
async def test_every_condition_must_fit(store: Store, wanted: EventFilter, found: list[int]) -> None:
    await store.fill(
        EVENT,
        LOG_IN,
        replace(LOG_IN, actor_id=EVE, subject_id=EVE),
        replace(EVENT, subject_id=None),
        PAUSE,
    )

    assert ids(await store.log.page(wanted, size=10)) == found


@pytest.mark.parametrize("cursor", ["", "x", "1", "-1-1", "1-", "1-2-3", "²-1", "9" * 30 + "-1", "1-\x00"])
async def test_refuses_a_text_that_is_not_a_cursor(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        await store.log.page(EventFilter(), size=10, cursor=cursor)
