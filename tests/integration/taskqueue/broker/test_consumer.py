"""Deliveries to Dramatiq's own Worker, and their outcome after errors."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import dramatiq
import pytest
from dramatiq import Message, MessageProxy
from dramatiq.broker import Consumer
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.broker.consumer import QueueConsumer
from internal.infrastructure.taskqueue.broker.lease_keeper import LeaseKeeper
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.timing import MAX_CRASHES
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import SHORT, broker_on

WITHIN = 5.0  # seconds
LEASE = SHORT.lease.total_seconds()


def states(broker: RedisBroker, redis_url: str) -> dict[str, str]:
    assert broker.client.ping()
    return {task.id: task.state for task in queued(redis_url)}


def declare(broker: RedisBroker) -> dramatiq.Actor[[], None]:
    @dramatiq.actor(broker=broker)
    def work() -> None: ...

    return work


def take(consumer: Consumer) -> MessageProxy:
    """Its next message."""
    give_up = time.monotonic() + WITHIN
    while time.monotonic() < give_up:
        if message := next(consumer):
            return message
    raise AssertionError("no message")


@dataclass
class Line:
    """The way to Redis; it can lose replies, or be cut."""

    broker: RedisBroker
    loses_replies: bool = False
    is_cut: bool = False
    calls: list[scripts.Script] = field(default_factory=list)

    def call(self, script: scripts.Script, request: Any) -> Any:
        self.calls.append(script)
        if self.is_cut:
            raise ConnectionClosed(None)
        reply = self.broker.call(script, request)
        if self.loses_replies:
            raise ConnectionClosed(None)
        return reply

    def consumer(self, keeper: LeaseKeeper, *, prefetch: int = 1) -> QueueConsumer:
        return QueueConsumer(
            self.broker,
            "default",
            call=self.call,
            keeper=keeper,
            timing=SHORT,
            payload_keys=(),
            prefetch=prefetch,
            timeout=20,
        )


@pytest.fixture
def line(broker: RedisBroker) -> Line:
    return Line(broker)


@pytest.fixture
def keeper(line: Line) -> Iterator[LeaseKeeper]:
    keeper = LeaseKeeper(line.call, timing=SHORT)
    yield keeper
    keeper.close()


def test_what_left_in_a_lost_reply_goes_back_uncounted(
    broker: RedisBroker, line: Line, keeper: LeaseKeeper
) -> None:
    sent = declare(broker).send()
    consumer = line.consumer(keeper)
    line.loses_replies = True
    with pytest.raises(ConnectionClosed):
        next(consumer)

    line.loses_replies = False
    delivery: Any = take(line.consumer(keeper))

    assert delivery.message_id == sent.message_id
    assert delivery.crashes == 0


def test_a_message_keeps_its_lease_when_its_consumer_is_given_up(
    broker: RedisBroker, redis_url: str, line: Line, keeper: LeaseKeeper
) -> None:
    declare(broker).send()
    first = line.consumer(keeper)
    message = take(first)
    first.close()

    time.sleep(2 * LEASE)
    second = line.consumer(keeper)
    assert next(second) is None  # it was not taken back, although a consumer has looked
    second.ack(message)

    assert states(broker, redis_url) == {}


def test_fetched_messages_that_were_not_delivered_go_back_after_an_outage(
    broker: RedisBroker, line: Line, keeper: LeaseKeeper
) -> None:
    work = declare(broker)
    work.send()
    second = work.send()
    consumer = line.consumer(keeper, prefetch=2)
    take(consumer)
    line.is_cut = True
    with pytest.raises(ConnectionClosed):
        consumer.close()

    line.is_cut = False

    assert take(line.consumer(keeper)).message_id == second.message_id


def test_an_ack_that_failed_can_be_repeated(
    broker: RedisBroker, redis_url: str, line: Line, keeper: LeaseKeeper
) -> None:
    declare(broker).send()
    consumer = line.consumer(keeper)
    message = take(consumer)
    line.loses_replies = True
    with pytest.raises(ConnectionClosed):
        consumer.ack(message)

    line.loses_replies = False
    consumer.ack(message)

    assert states(broker, redis_url) == {}


def test_more_is_fetched_only_for_what_was_settled(
    broker: RedisBroker, line: Line, keeper: LeaseKeeper
) -> None:
    work = declare(broker)
    for _ in range(3):
        work.send()
    consumer = line.consumer(keeper, prefetch=2)
    message = take(consumer)
    take(consumer)

    while_two_are_held = next(consumer)
    consumer.ack(message)

    assert while_two_are_held is None
    assert next(consumer) is not None


def test_messages_settled_by_many_threads_while_others_are_fetched_are_all_settled(
    broker: RedisBroker, redis_url: str
) -> None:
    work = declare(broker)
    sent = {work.send().message_id for _ in range(200)}
    consumer = broker.consume("default", prefetch=8, timeout=20)

    taken = []
    with ThreadPoolExecutor(8) as threads:
        for _ in sent:
            message = take(consumer)
            taken.append(message.message_id)
            threads.submit(consumer.ack, message)

    assert sorted(taken) == sorted(sent)
    assert states(broker, redis_url) == {}


def test_a_message_that_it_did_not_hand_out_is_not_settled(broker: RedisBroker, redis_url: str) -> None:
    message: Any = declare(broker).send()
    consumer = broker.consume("default", timeout=20)

    consumer.nack(MessageProxy(message))
    consumer.ack(message)

    assert list(states(broker, redis_url).values()) == ["pending"]


class Nacked(Middleware):
    def __init__(self) -> None:
        self.names: list[str] = []

    def after_nack(self, broker: Any, message: MessageProxy) -> None:
        self.names.append(message.actor_name)


def test_a_task_past_its_deadline_is_archived_and_middleware_told(redis_url: str) -> None:
    nacked = Nacked()
    broker = broker_on(redis_url, middleware=[nacked])
    message = declare(broker).message()
    broker.call(scripts.PUBLISH, [("default", "late", scripts.text(message.encode()), 0, 0, {})])
    time.sleep(0.01)

    assert next(broker.consume("default", timeout=20)) is None

    assert states(broker, redis_url) == {"late": "archived"}
    assert nacked.names == ["work"]
    broker.close()


def test_a_task_during_which_three_workers_died_is_archived(broker: RedisBroker, redis_url: str) -> None:
    message = declare(broker).send()
    task_id = message.options["redis_message_id"]
    broker.client.hset(f"{broker.namespace}:default:task:{task_id}", "crashes", str(MAX_CRASHES))

    assert next(broker.consume("default", timeout=20)) is None

    assert states(broker, redis_url) == {task_id: "archived"}


def test_a_task_that_is_not_known_is_offered_again(broker: RedisBroker, redis_url: str) -> None:
    broker.declare_queue("default")
    unknown: Message[Any] = Message(
        queue_name="default", actor_name="unknown", args=(), kwargs={}, options={}
    )
    broker.enqueue(unknown)

    assert next(broker.consume("default", timeout=0)) is None

    assert list(states(broker, redis_url).values()) == ["scheduled"]


def test_messages_that_are_given_back_keep_their_order(broker: RedisBroker) -> None:
    work = declare(broker)
    sent = [work.send().message_id for _ in range(3)]
    consumer = broker.consume("default", prefetch=3, timeout=20)
    messages = [take(consumer) for _ in range(3)]

    consumer.requeue(messages)

    again = broker.consume("default", prefetch=3, timeout=20)
    assert [take(again).message_id for _ in range(3)] == sent
