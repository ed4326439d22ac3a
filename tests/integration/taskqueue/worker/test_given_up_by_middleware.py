"""A task that middleware gives up logs a warning with the reason, and never `task.done`."""

import time
from typing import Any

import dramatiq
import pytest
from dramatiq import MessageProxy
from dramatiq.middleware import AgeLimit, Middleware
from structlog.testing import capture_logs

from internal.infrastructure.taskqueue.broker.middleware import default_middleware
from internal.infrastructure.telemetry.log import TASKS
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import broker_on, working


class FailsBefore(Middleware):
    loop_safe = True

    def before_process_message(self, broker: Any, message: MessageProxy) -> None:
        message.fail()


class FailsAfter(Middleware):
    loop_safe = True

    def after_process_message(self, broker: Any, message: MessageProxy, **_: Any) -> None:
        message.fail()


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize(
    ("middleware", "reason"),
    [
        (FailsBefore(), "Undecided: middleware failed it, or it was interrupted as it ended"),
        (FailsAfter(), "Undecided: middleware failed it, or it was interrupted as it ended"),
        (AgeLimit(max_age=1), "SkipMessage: Message age limit exceeded"),
    ],
    ids=["before", "after", "age"],
)
def test_the_log_says_why_middleware_gave_a_task_up(
    redis_url: str, caplog: pytest.LogCaptureFixture, middleware: Middleware, reason: str, *, is_async: bool
) -> None:
    caplog.set_level("DEBUG", logger=TASKS)
    broker = broker_on(redis_url, middleware=[*default_middleware()[1:], middleware])

    def work() -> None: ...

    async def work_on_the_loop() -> None: ...

    actor: Any = dramatiq.actor(broker=broker, actor_name="work")(work_on_the_loop if is_async else work)
    actor.send()
    time.sleep(0.01)
    with capture_logs() as logs, working(broker) as worker:
        worker.join()
    broker.close()

    assert [task.state for task in queued(redis_url)] == ["archived"]
    assert [(entry["event"], entry["log_level"], entry["reason"]) for entry in logs] == [
        ("task.failed", "warning", reason)
    ]


def test_the_log_says_why_a_message_cannot_be_read(redis_url: str) -> None:
    broker = broker_on(redis_url)
    queue = f"{broker.namespace}:default"
    dramatiq.actor(broker=broker, actor_name="work")(print)
    broker.client.sadd(f"{broker.namespace}:queues", "default")
    broker.client.hset(f"{queue}:messages", "broken", "no message")
    broker.client.zadd(f"{queue}:pending", {"broken": 1})
    with capture_logs() as logs, working(broker) as worker:
        worker.join()
    broker.close()

    [entry] = [entry for entry in logs if entry["event"] == "task.unreadable"]
    assert entry["reason"] == "cannot be read: Failed to decode message."
