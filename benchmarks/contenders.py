"""All measured systems, connected to the Redis at REDIS_URL."""

import os
from importlib import import_module

import redis

from benchmarks.contender import Contender
from benchmarks.engine import Engine
from benchmarks.peers import Huey, Stock


def engine() -> Engine:
    return Engine(os.environ["REDIS_URL"])


def application() -> Engine:
    return Engine.with_application_task(os.environ["REDIS_URL"])


def stock_async() -> Stock:
    return _stock("stock async", "benchmarks.actors.stock_async")


def stock_sync() -> Stock:
    return _stock("stock sync", "benchmarks.actors.stock_sync")


def huey() -> Huey:
    return Huey(import_module("benchmarks.actors.huey_tasks"))


def everyone() -> list[Contender]:
    return [engine(), application(), stock_async(), stock_sync(), huey()]


def _stock(name: str, module: str) -> Stock:
    # Imported late, because these modules read REDIS_URL.
    return Stock(import_module(module), name=name, client=redis.Redis.from_url(os.environ["REDIS_URL"]))
