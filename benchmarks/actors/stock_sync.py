"""Stock Dramatiq with its defaults: `python -m dramatiq benchmarks.actors.stock_sync:broker`."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks import notes

broker = RedisBroker(url=os.environ["REDIS_URL"])


@dramatiq.actor(broker=broker)
def noop(user_id: str, email: str, name: str) -> None:
    pass


@dramatiq.actor(broker=broker)
def mark(label: str) -> None:
    notes.write(label)
