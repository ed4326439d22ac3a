"""What waits in Redis, read as a worker would read it."""

from collections.abc import Iterator
from typing import Any

from dramatiq import MessageProxy

from internal.infrastructure.bootstrap.container import QUEUES
from internal.infrastructure.taskqueue.broker import consuming_broker

IDLE = 1  # millisecond


def take_queued(redis_url: str) -> list[MessageProxy]:
    """Every message, the delayed ones last; each only once, since they are taken out."""
    broker = consuming_broker(redis_url, middleware=[], queues=QUEUES)
    try:
        return [
            message
            for queue in [*QUEUES, *(f"{queue}.DQ" for queue in QUEUES)]
            for message in _consume(broker.consume(queue, prefetch=10_000, timeout=IDLE))
        ]
    finally:
        broker.client.close()


def _consume(consumer: Any) -> Iterator[MessageProxy]:
    while (message := next(consumer)) is not None:
        yield message
