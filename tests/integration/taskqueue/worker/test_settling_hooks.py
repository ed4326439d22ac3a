"""When the hooks around settling fire: those after it only once Redis has confirmed it."""

import threading
import time
from datetime import timedelta
from typing import Any

import dramatiq
from dramatiq import Broker, Message, MessageProxy
from dramatiq.middleware import Middleware, SkipMessage

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.retries import Retries
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import broker_on, working


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
    broker.close()


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
    broker.close()


class Blocks(Middleware):
    """Says nothing of being safe on the loop, and is slow around settling."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.threads: dict[str, str] = {}
        self.order: list[str] = []

    def _work(self, name: str) -> None:
        self.threads[name] = threading.current_thread().name
        time.sleep(self._seconds)
        self.order.append(name)

    def before_ack(self, broker: Broker, message: MessageProxy) -> None:
        self._work("before_ack")

    def after_ack(self, broker: Broker, message: MessageProxy) -> None:
        self._work("after_ack")

    def before_nack(self, broker: Broker, message: MessageProxy) -> None:
        self._work("before_nack")

    def after_nack(self, broker: Broker, message: MessageProxy) -> None:
        assert isinstance(message, Delivery)
        self._work(f"after_nack of {type(message.error).__name__}")


def test_hooks_that_may_block_fire_in_their_order_and_not_on_the_loop(redis_url: str) -> None:
    hooks = Blocks(0.01)
    broker = broker_on(redis_url, middleware=[Retries(), hooks])

    @dramatiq.actor(broker=broker, max_retries=0)
    def run(*, fail: bool) -> None:
        if fail:
            raise ConnectionError

    with working(broker) as worker:
        for fail in (False, True):
            run.send(fail=fail)
            worker.join()

    assert hooks.order == ["before_ack", "after_ack", "before_nack", "after_nack of ConnectionError"]
    assert set(hooks.threads.values()) == {"dramatiq-worker"}
    broker.close()


def test_a_task_settles_although_the_hooks_of_another_block(redis_url: str) -> None:
    release = threading.Event()
    ended: list[str] = []

    class Stuck(Middleware):
        def before_ack(self, broker: Broker, message: MessageProxy) -> None:
            if message.args == ("stuck",):
                release.wait(5)

        def after_ack(self, broker: Broker, message: MessageProxy) -> None:
            ended.append(message.args[0])

    broker = broker_on(redis_url, middleware=[Stuck()])

    @dramatiq.actor(broker=broker)
    def run(name: str) -> None: ...

    with working(broker) as worker:
        run.send("stuck")
        run.send("other")
        eventually(lambda: ended == ["other"], within=5)
        still_held = [task.state for task in queued(redis_url)]
        release.set()
        worker.join()

    assert still_held == ["active"]
    assert ended == ["other", "stuck"]
    broker.close()


def test_a_hook_that_skips_too_late_does_not_keep_a_task_from_being_settled(redis_url: str) -> None:
    class SkipsTooLate(Middleware):
        def before_ack(self, broker: Broker, message: MessageProxy) -> None:
            raise SkipMessage

    broker = broker_on(redis_url, middleware=[SkipsTooLate()])

    @dramatiq.actor(broker=broker)
    def run() -> None: ...

    with working(broker) as worker:
        run.send()
        worker.join()

    assert queued(redis_url) == []
    broker.close()
