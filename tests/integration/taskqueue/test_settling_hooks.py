"""When the hooks around settling fire: those after it only once Redis has confirmed it."""

from datetime import timedelta
from typing import Any

import dramatiq
from dramatiq import Broker, Message, MessageProxy
from dramatiq.middleware import Middleware

from internal.infrastructure.taskqueue.retries import Retries
from tests.eventually import eventually
from tests.integration.taskqueue.working import broker_on, working
from tests.queued import queued


def test_another_attempt_is_enqueued_for_middleware_as_in_dramatiq(redis_url: str) -> None:
    enqueued: list[tuple[str, int | None, int]] = []

    class Counts(Middleware):
        def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
            enqueued.append(("before", delay, message.options.get("retries", 0)))

        def after_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
            enqueued.append(("after", delay, message.options.get("retries", 0)))

    broker = broker_on(redis_url, middleware=[Retries(), Counts()])

    @dramatiq.actor(broker=broker, retry_delay=lambda *_: timedelta(hours=1))
    async def fail() -> None:
        raise ConnectionError

    with working(broker):
        fail.send()
        eventually(lambda: len(enqueued) == 4, within=5)

    hour = 3_600_000
    assert enqueued == [("before", None, 0), ("after", None, 0), ("before", hour, 1), ("after", hour, 1)]


class Settled(Middleware):
    """Asks Redis, at the hooks of ack and nack, what state the task is in."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self.states: dict[str, list[str]] = {}

    def _look(self, name: str) -> None:
        self.states[name] = [task.state for task in queued(self._redis_url)]

    def before_ack(self, broker: Broker, message: MessageProxy) -> None:
        self._look("before_ack")

    def after_ack(self, broker: Broker, message: MessageProxy) -> None:
        self._look("after_ack")

    def before_nack(self, broker: Broker, message: MessageProxy) -> None:
        self._look("before_nack")

    def after_nack(self, broker: Broker, message: MessageProxy) -> None:
        self._look("after_nack")


def test_hooks_after_an_ack_or_nack_fire_when_redis_has_confirmed_it(redis_url: str) -> None:
    settled = Settled(redis_url)
    broker = broker_on(redis_url, middleware=[Retries(), settled])

    @dramatiq.actor(broker=broker, max_retries=0)
    async def run(*, fail: bool) -> None:
        if fail:
            raise ConnectionError

    with working(broker) as worker:
        for fail in (False, True):
            run.send(fail=fail)
            worker.join()

    assert settled.states == {
        "before_ack": ["active"],
        "after_ack": [],
        "before_nack": ["active"],
        "after_nack": ["archived"],
    }
