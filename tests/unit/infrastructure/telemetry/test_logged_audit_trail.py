import pytest
from structlog.testing import capture_logs

from internal.application.audited_task_inspector import AuditedTaskInspector
from internal.infrastructure.telemetry.logged_audit_trail import LoggedAuditTrail
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.audits import audit_on

pytestmark = pytest.mark.anyio


async def test_without_its_store_an_operator_acts_and_each_action_is_one_line() -> None:
    store = FakeAuditTrail(is_away=True)
    fake = FakeTaskInspector(FakeClock())
    fake.add_queue("low")
    tasks = AuditedTaskInspector(fake, audit=audit_on(LoggedAuditTrail(store)))

    with capture_logs() as logged:
        changed = [await tasks.pause("low"), await tasks.resume("low")]

    assert changed == [True, True]
    assert logged[0] == {
        "event": "audit.not_stored",
        "log_level": "warning",
        "why": "Postgres cannot be reached",
        "action": "tasks.pause_queue",
        "actor": "cli:ada@desk",
        "result": "success",
        "queue": "low",
        "changed": "yes",
        "outcome": "done",
    }
    assert [line["action"] for line in logged] == ["tasks.pause_queue", "tasks.resume_queue"]


async def test_asks_a_store_that_was_away_again_after_a_while() -> None:
    store, seconds = FakeAuditTrail(is_away=True), iter([100.0, 105.0, 130.0, 140.0])
    fake = FakeTaskInspector(FakeClock())
    fake.add_queue("low")
    trail = LoggedAuditTrail(store, monotonic=lambda: next(seconds))
    tasks = AuditedTaskInspector(fake, audit=audit_on(trail))

    await tasks.pause("low")
    store.is_away = False
    await tasks.resume("low")
    asked_too_early = list(store.begun)
    await tasks.pause("low")

    assert asked_too_early == []
    assert [event.name for event in store.begun] == ["tasks.pause_queue"]
