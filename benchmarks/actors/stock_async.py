"""Stock Dramatiq with its AsyncIO middleware: `python -m dramatiq benchmarks.actors.stock_async:broker`."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO

from benchmarks import notes

broker = RedisBroker(url=os.environ["REDIS_URL"])
broker.add_middleware(AsyncIO())


@dramatiq.actor(broker=broker)
async def noop(user_id: str, email: str, name: str) -> None:
    pass


@dramatiq.actor(broker=broker)
async def mark(label: str) -> None:
    notes.write(label)
