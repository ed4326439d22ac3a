from collections.abc import Sequence
from datetime import timedelta

import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware
from redis.backoff import NoBackoff
from redis.retry import Retry

NAMESPACE = "pyhexaclean"

# When a silent worker's tasks go to another. Each command looks at its own queue with this chance: an idle
# worker sends some five a second for every queue, so that a queue is looked at about once in seven seconds.
GONE_AFTER = 30_000  # milliseconds
MAINTENANCE_CHANCE = 30_000  # of a million commands


def publishing_broker(url: str, *, timeout: timedelta) -> RedisBroker:
    """A broker that gives up after `timeout` and never repeats a call by itself: the outbox does that."""
    client = redis.Redis.from_url(
        url,
        socket_connect_timeout=timeout.total_seconds(),
        socket_timeout=timeout.total_seconds(),
        retry=Retry(NoBackoff(), 0),
    )
    return RedisBroker(client=client, namespace=NAMESPACE, middleware=[])


def consuming_broker(url: str, *, middleware: Sequence[Middleware], queues: Sequence[str]) -> RedisBroker:
    """The broker of a worker: patient with Redis, and with everything that runs around a task."""
    broker = RedisBroker(
        client=redis.Redis.from_url(url),
        namespace=NAMESPACE,
        middleware=list(middleware),
        heartbeat_timeout=GONE_AFTER,
        maintenance_chance=MAINTENANCE_CHANCE,
    )
    for queue in queues:
        broker.declare_queue(queue)
    return broker
