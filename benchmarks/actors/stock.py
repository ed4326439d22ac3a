"""For `python -m dramatiq benchmarks.actors.stock`: the same on Dramatiq's own broker."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO

broker = RedisBroker(url=os.environ["REDIS_URL"])
broker.add_middleware(AsyncIO())
dramatiq.set_broker(broker)


@dramatiq.actor
async def noop_async(user_id: str, email: str, name: str) -> None:
    pass


@dramatiq.actor
def noop_sync(user_id: str, email: str, name: str) -> None:
    pass
