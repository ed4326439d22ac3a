import pytest

from internal.application.admin.enqueue_task import EnqueueTask, EnqueueTaskCommand
from internal.application.tasks.purge_outbox import PurgeOutbox
from internal.domain.security_event import EventName, Result
from internal.ports.unavailable import Unavailable
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.tasks import FakeTaskPublisher
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.audits import audit_on

pytestmark = pytest.mark.anyio


@pytest.fixture
def trail() -> FakeAuditTrail:
    return FakeAuditTrail()


@pytest.fixture
def uow() -> FakeUnitOfWork:
    return FakeUnitOfWork(tasks=FakeTaskPublisher(stores=True))


@pytest.fixture
def publisher() -> FakeTaskPublisher:
    return FakeTaskPublisher()


@pytest.fixture
def enqueue_task(uow: FakeUnitOfWork, publisher: FakeTaskPublisher) -> EnqueueTask:
    return EnqueueTask(uow=uow, publisher=publisher)


async def test_stores_the_task_and_records_who_did_it(
    enqueue_task: EnqueueTask, trail: FakeAuditTrail, uow: FakeUnitOfWork, publisher: FakeTaskPublisher
) -> None:
    audit = audit_on(trail)
    receipt = await enqueue_task(
        EnqueueTaskCommand(audit=audit, task=PurgeOutbox(), overrides={"queue": "critical"})
    )

    assert [published.id for published in uow.published] == [receipt.id]
    assert publisher.published == []
    [event] = trail.entries
    assert (event.name, event.result) == (EventName.TASKS_ENQUEUE, Result.SUCCESS)
    assert event.details["name"] == "outbox:purge"
    assert (event.details["queue"], event.details["ids"]) == ("critical", receipt.id)


async def test_a_direct_task_does_not_need_the_outbox(
    enqueue_task: EnqueueTask, trail: FakeAuditTrail, uow: FakeUnitOfWork, publisher: FakeTaskPublisher
) -> None:
    await enqueue_task(EnqueueTaskCommand(audit=audit_on(trail), task=PurgeOutbox(), is_direct=True))

    assert len(publisher.published) == 1
    assert uow.published == []


async def test_publishes_nothing_that_cannot_be_recorded(
    enqueue_task: EnqueueTask, trail: FakeAuditTrail, uow: FakeUnitOfWork
) -> None:
    trail.is_away = True

    with pytest.raises(Unavailable):
        await enqueue_task(EnqueueTaskCommand(audit=audit_on(trail), task=PurgeOutbox()))

    assert uow.published == []


async def test_an_option_that_is_refused_is_recorded(
    enqueue_task: EnqueueTask, trail: FakeAuditTrail, uow: FakeUnitOfWork
) -> None:
    audit = audit_on(trail)
    with pytest.raises(ValueError, match="unique_key"):
        await enqueue_task(EnqueueTaskCommand(audit=audit, task=PurgeOutbox(), overrides={"unique_key": "x"}))

    assert uow.published == []
    [event] = trail.entries
    assert event.result is Result.FAILURE
