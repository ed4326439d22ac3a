from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from internal.domain.caller import Caller
from internal.domain.security_event import EventName, Result, SecurityEvent
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import security_events
from tests.fakes.unit_of_work import FakeUnitOfWork

pytestmark = pytest.mark.anyio

EVENT = SecurityEvent(
    name=EventName.LOGIN_FAILED,
    result=Result.FAILURE,
    actor_id=None,
    subject_id=uuid4(),
    caller=Caller(address="192.0.2.7", user_agent="curl", request_id="r1"),
    details={"reason": "password"},
)


async def test_the_fake_records_with_the_commit() -> None:
    uow = FakeUnitOfWork()
    async with uow:
        await uow.security_events.add(EVENT)
    assert uow.security_events.recorded == []

    async with uow:
        await uow.security_events.add(EVENT)
        await uow.commit()

    assert uow.security_events.recorded == [EVENT]


async def test_an_event_is_stored_and_logged_with_the_commit(container: Container) -> None:
    with capture_logs() as logged:
        async with container.database.unit_of_work() as uow:
            await uow.security_events.add(EVENT)
        assert logged == []

        async with container.database.unit_of_work() as uow:
            await uow.security_events.add(EVENT)
            await uow.commit()

    [line] = logged
    assert (line["event"], line["log_level"], line["reason"]) == ("auth.login_failed", "warning", "password")
    assert "192.0.2.7" not in str(line)
    async with container.database.engine().connect() as connection:
        [row] = (await connection.execute(select(security_events))).all()
    assert (row.name, row.result, row.actor_id, row.subject_id) == (
        "auth.login_failed",
        "failure",
        None,
        EVENT.subject_id,
    )
    assert (row.address, row.user_agent, row.request_id) == ("192.0.2.7", "curl", "r1")
    assert row.details == {"reason": "password"}


async def test_anonymising_forgets_from_where_a_user_acted_but_not_who_acted_on_the_user(
    container: Container,
) -> None:
    ada_id, admin_id = EVENT.subject_id, uuid4()
    by_ada = replace(EVENT, actor_id=ada_id, subject_id=uuid4())
    by_admin = replace(EVENT, actor_id=admin_id)
    assert ada_id is not None
    async with container.database.unit_of_work() as uow:
        for event in (EVENT, by_ada, by_admin):
            await uow.security_events.add(event)
        changed = [await uow.security_events.anonymise(ada_id, at_most=1) for _ in range(3)]
        await uow.commit()

    assert changed == [1, 1, 0]
    async with container.database.engine().connect() as connection:
        rows = (await connection.execute(select(security_events).order_by(security_events.c.id))).all()
    assert [(row.address, row.user_agent, row.request_id) for row in rows] == [
        (None, None, None),
        (None, None, None),
        ("192.0.2.7", "curl", "r1"),
    ]
    assert [row.details for row in rows] == [{"reason": "password"}] * 3
