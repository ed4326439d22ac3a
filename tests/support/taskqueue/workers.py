"""The engine's Worker on the test's Redis, with leases that a test can wait for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from dramatiq import Message

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.worker.worker import Worker

SHORT = Timing(lease=timedelta(milliseconds=600), unknown_every=timedelta(milliseconds=50))
STOP_WITHIN = 1000  # milliseconds


def broker_on(redis_url: str, **options: Any) -> RedisBroker:
    broker = RedisBroker(url=redis_url, **{"timing": SHORT, **options})
    broker.emit_after("process_boot")  # starts the thread of TimeLimit
    return broker


def send_stored(broker: RedisBroker, message: Message[Any]) -> Message[Any]:
    """Send a message as the task of an outbox row, whose id it has."""
    stored = message.copy(options={"redis_message_id": message.message_id})
    broker.call(scripts.SEND, (stored.queue_name, stored.message_id, scripts.text(stored.encode())))
    return stored


@contextmanager
def working(broker: RedisBroker, *, worker_threads: int = 2, **options: Any) -> Iterator[Worker]:
    worker = Worker(broker, worker_threads=worker_threads, **options)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(STOP_WITHIN)
