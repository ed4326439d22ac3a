"""A single message takes a shorter way into Redis, and must look like any other there."""

import time
from typing import Any

import dramatiq

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.stored_message import NO_DEADLINE
from tests.support.queue_contents import queued

PLACES = 1024  # in line, of each millisecond


def declare(broker: RedisBroker) -> dramatiq.Actor[[], None]:
    @dramatiq.actor(broker=broker)
    def work() -> None: ...

    return work


def contents(broker: RedisBroker, task_id: str) -> dict[str, Any]:
    """Of every key, by its name."""
    client: Any = broker.client
    lies = {
        "messages": client.hgetall(f"{broker.namespace}:default:messages"),
        "pending": client.zrange(f"{broker.namespace}:default:pending", 0, -1, withscores=True),
        "wake": client.lrange(f"{broker.namespace}:default:wake", 0, -1),
        "queues": client.smembers(f"{broker.namespace}:queues"),
        "keys": sorted(client.keys()),
    }
    [(first, place)] = lies.pop("pending")
    assert first == task_id.encode()
    assert abs(place / PLACES - time.time() * 1000) < 60_000  # its place is when it came
    return lies


def test_a_sent_message_lies_where_a_published_one_does(broker: RedisBroker) -> None:
    sent = declare(broker).send()
    task_id = sent.options["redis_message_id"]
    lies = contents(broker, task_id)

    broker.client.flushdb()
    entry: Any = ("default", task_id, scripts.text(sent.encode()), 0, NO_DEADLINE, {})
    broker.call(scripts.PUBLISH, [entry])

    assert contents(broker, task_id) == lies


def test_messages_are_queued_in_order_and_wake_one_worker(broker: RedisBroker, redis_url: str) -> None:
    work = declare(broker)

    sent = [work.send().options["redis_message_id"] for _ in range(3)]

    assert [task.id for task in queued(redis_url)] == sent
    assert broker.client.llen(f"{broker.namespace}:default:wake") == 1
