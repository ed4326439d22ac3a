"""The same actors on stock Dramatiq, for `python -m dramatiq tests.support.faults.stock`."""

import importlib
import os

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO, CurrentMessage
from redis.backoff import NoBackoff
from redis.retry import Retry

import tests.support.faults.clock_ahead  # noqa: F401 - sets this process's clock

URL = os.environ["REDIS_URL"]
ALWAYS = 1_000_000  # of a million commands

broker = RedisBroker(  # type: ignore[no-untyped-call]  # Dramatiq is typed in part
    client=redis.Redis.from_url(URL, socket_timeout=1, retry=Retry(NoBackoff(), 0))
    if "STOCK_IMPATIENT" in os.environ
    else redis.Redis.from_url(URL),
    maintenance_chance=ALWAYS if "STOCK_MAINTAINS" in os.environ else 1000,
)
broker.add_middleware(AsyncIO())
broker.add_middleware(CurrentMessage())
dramatiq.set_broker(broker)
importlib.import_module("tests.support.faults.actors")
