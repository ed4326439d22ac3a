from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from internal.domain.security_event import EventName, Result, SecurityEvent
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import security_events
from internal.infrastructure.telemetry.logged_audit_trail import LoggedAuditTrail
from internal.ports.audit_trail import AuditTrail
from tests.fakes.audit_trail import FakeAuditTrail
from tests.support.audits import ADA
from tests.support.callers import CALLER

pytestmark = pytest.mark.anyio

INTENT = SecurityEvent(
    name=EventName.TASKS_PAUSE_QUEUE,
    result=Result.FAILURE,
    actor_id=None,
    operator=ADA,
    subject_id=None,
    caller=CALLER,
    details={"queue": "low", "outcome": "unfinished"},
)
DONE = replace(INTENT, result=Result.SUCCESS, details={"queue": "low", "outcome": "done"})


@dataclass(frozen=True)
class Store:
    trail: AuditTrail
    entries: Callable[[], Awaitable[Sequence[SecurityEvent]]]


@pytest.fixture(params=["fake", "logged", "sqlalchemy"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param != "sqlalchemy":
        fake = FakeAuditTrail()

        async def entries() -> Sequence[SecurityEvent]:
            return fake.entries

        return Store(LoggedAuditTrail(fake) if request.param == "logged" else fake, entries)
    container: Container = request.getfixturevalue("container")

    async def stored() -> Sequence[SecurityEvent]:
        async with container.database.engine().connect() as connection:
            rows = await connection.execute(select(security_events).order_by(security_events.c.id))
            return [
                replace(
                    INTENT,
                    name=EventName(row.name),
                    result=Result(row.result),
                    operator=row.operator,
                    details=row.details,
                )
                for row in rows
            ]

    return Store(container.database.audit_trail(), stored)


async def test_an_entry_is_there_before_its_action(store: Store) -> None:
    await store.trail.begin(INTENT)

    assert await store.entries() == [INTENT]


async def test_a_completed_entry_has_the_result(store: Store) -> None:
    first = await store.trail.begin(INTENT)
    await store.trail.begin(INTENT)

    await store.trail.complete(first, DONE)

    assert await store.entries() == [DONE, INTENT]
