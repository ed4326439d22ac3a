import json
from uuid import uuid4

import pytest
from sqlalchemy import select

from internal.domain.caller import Caller
from internal.domain.security_event import EventName, Result, SecurityEvent
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import security_events
from internal.infrastructure.telemetry.log import configure_logging
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


async def test_an_event_is_stored_and_logged_with_the_commit(
    container: Container, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(level="INFO", log_format="json")
    async with container.database.unit_of_work() as uow:
        await uow.security_events.add(EVENT)
    assert "auth." not in capsys.readouterr().out

    async with container.database.unit_of_work() as uow:
        await uow.security_events.add(EVENT)
        await uow.commit()

    [line] = capsys.readouterr().out.splitlines()
    logged = json.loads(line)
    assert (logged["event"], logged["level"], logged["reason"]) == (
        "auth.login_failed",
        "warning",
        "password",
    )
    assert "192.0.2.7" not in line
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
