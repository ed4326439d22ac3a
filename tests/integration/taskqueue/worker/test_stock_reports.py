"""Reports to middleware and log are those of Dramatiq's own Worker."""

from collections import Counter
from typing import Any

import dramatiq
import pytest
import structlog
from dramatiq import Message, MessageProxy
from dramatiq.middleware import Middleware

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.retries import Retries
from internal.infrastructure.taskqueue.worker.worker import Worker
from tests.support.polling import eventually
from tests.support.taskqueue.workers import broker_on, working


class Counts(Middleware):
    """Counts by the hooks that Dramatiq's Prometheus middleware counts by."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def before_process_message(self, broker: Any, message: MessageProxy) -> None:
        self.seen["started"] += 1

    def after_process_message(
        self, broker: Any, message: MessageProxy, *, result: Any = None, exception: Any = None
    ) -> None:
        self.seen["errored" if exception else "succeeded"] += 1

    def after_enqueue(self, broker: Any, message: Message[Any], delay: int | None) -> None:
        self.seen["retried" if "retries" in message.options else "enqueued"] += 1

    def after_nack(self, broker: Any, message: MessageProxy) -> None:
        self.seen["rejected"] += 1


@pytest.mark.parametrize("worker_class", [Worker, dramatiq.Worker])
def test_prometheus_gets_its_counts(redis_url: str, worker_class: Any) -> None:
    counts = Counts()
    broker = broker_on(redis_url, middleware=[Retries(), counts])

    @dramatiq.actor(broker=broker, max_retries=1, max_backoff=10)
    def run(*, fail: bool) -> None:
        if fail:
            raise ConnectionError

    worker = worker_class(broker, worker_timeout=20, worker_threads=2)
    worker.start()
    for fail in (False, True):
        run.send(fail=fail)
    eventually(lambda: counts.seen["rejected"] == 1, within=5)
    worker.stop()

    assert counts.seen == {
        "enqueued": 2,
        "started": 3,
        "succeeded": 1,
        "errored": 2,
        "retried": 1,
        "rejected": 1,
    }
    broker.close()


@pytest.mark.parametrize("is_async", [True, False])
def test_a_result_that_nobody_keeps_is_reported(broker: RedisBroker, *, is_async: bool) -> None:
    async def answer_on_the_loop() -> int:
        return 42

    def answer() -> int:
        return 42

    actor: Any = dramatiq.actor(broker=broker)(answer_on_the_loop if is_async else answer)

    with structlog.testing.capture_logs() as logs, working(broker) as worker:
        actor.send()
        worker.join()

    assert [entry["task"] for entry in logs if entry["event"] == "task.result_discarded"] == [
        actor.actor_name
    ]


def test_a_failure_that_the_actor_announces_has_a_reason_and_no_stack(broker: RedisBroker) -> None:
    @dramatiq.actor(broker=broker, throws=LookupError)
    async def find() -> None:
        raise KeyError("no such thing")

    with structlog.testing.capture_logs() as logs, working(broker) as worker:
        find.send()
        worker.join()

    [entry] = logs
    assert (entry["event"], entry["log_level"], entry["becomes"]) == ("task.failed", "warning", "archived")
    assert entry["reason"] == "KeyError: 'no such thing'"
    assert entry["exception"] is None
