"""No-op tasks a second, and the worker's CPU for each, beside stock Dramatiq.

A backlog with the welcome mail's payload is worked off by the real `python -m cmd.worker` with 10 slots and
three weighted queues, then by the real `python -m dramatiq` with 10 threads, in turn. What is measured is the
time from the first task that is gone to the last. It fails where a target is missed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from uuid import uuid4

import redis
from dramatiq import Message

from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.process import spawn, stop
from internal.infrastructure.embedded.redis import EmbeddedRedis
from internal.infrastructure.taskqueue.broker import RedisBroker

TASKS = 20_000
ROUNDS = 5
SLOTS = 10
TIMES_STOCK_ASYNC = 6
TIMES_STOCK_SYNC = 4
MOST_CPU = 100.0  # microseconds for each task
GIVE_UP_AFTER = 180.0  # seconds
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class System:
    name: str
    command: Sequence[str]
    fill: Callable[[redis.Redis, int], None]
    left: Callable[[redis.Redis], int]


@dataclass(frozen=True)
class Round:
    rate: float  # tasks a second
    cpu: float  # microseconds for each task, of the worker and its children


def message(actor: str) -> Message[None]:
    payload = {"user_id": str(uuid4()), "email": "ada@example.com", "name": "Ada Lovelace"}
    return Message("default", actor, (), payload, {"max_retries": 25, "time_limit": 1_800_000})


def fill_engine(client: redis.Redis, count: int) -> None:
    broker = RedisBroker(client=client, middleware=[])
    for _ in range(count):
        broker.enqueue(message("noop"))


def fill_stock(actor: str) -> Callable[[redis.Redis, int], None]:
    def fill(client: redis.Redis, count: int) -> None:
        from dramatiq.brokers.redis import RedisBroker as StockBroker  # noqa: PLC0415 - two of one name

        broker = StockBroker(client=client, middleware=[])
        for _ in range(count):
            broker.enqueue(message(actor))

    return fill


def left_of_engine(client: redis.Redis) -> int:
    return int(client.hlen("{pyhexaclean}:default:messages"))


def left_of_stock(client: redis.Redis) -> int:
    return int(client.hlen("dramatiq:default.msgs"))


ENGINE = System("engine", ["cmd.worker", "benchmarks.actors.engine"], fill_engine, left_of_engine)
STOCK = ["dramatiq", "--processes", "1", "--threads", str(SLOTS), "benchmarks.actors.stock"]
STOCK_ASYNC = System("stock async", STOCK, fill_stock("noop_async"), left_of_stock)
STOCK_SYNC = System("stock sync", STOCK, fill_stock("noop_sync"), left_of_stock)


def measure(system: System, client: redis.Redis, env: dict[str, str], *, tasks: int) -> Round:
    client.flushdb()
    system.fill(client, tasks)
    worker = spawn([sys.executable, "-m", *system.command], env=env, stdout=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + GIVE_UP_AFTER
        while (first := system.left(client)) == tasks and time.monotonic() < give_up:
            time.sleep(0.002)
        started, cpu = time.monotonic(), cpu_seconds(worker.pid)
        while (left := system.left(client)) and time.monotonic() < give_up:
            time.sleep(0.005)
        seconds, cpu = time.monotonic() - started, cpu_seconds(worker.pid) - cpu
    finally:
        stop(worker)
    if left:
        raise SystemExit(f"{system.name}: {left} tasks left after {GIVE_UP_AFTER:.0f} s")
    return Round(rate=first / seconds, cpu=cpu / first * 1e6)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of all that descend from it."""
    total = 0.0
    with suppress(OSError):
        # proc(5): utime and stime are the 14th and 15th field, the name in parentheses being the 2nd.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            total += sum(cpu_seconds(int(child)) for child in children.read_text().split())
    return total


def report(rounds: dict[str, list[Round]]) -> bool:
    """Print every figure, and return whether the targets are met."""
    for name, measured in rounds.items():
        rates, cpus = [item.rate for item in measured], [item.cpu for item in measured]
        print(
            f"{name:<12} {statistics.median(rates):8.0f} tasks/s ({min(rates):.0f} to {max(rates):.0f})"
            f"  {statistics.median(cpus):6.0f} us CPU a task ({min(cpus):.0f} to {max(cpus):.0f})"
        )
    medians = {name: statistics.median(item.rate for item in measured) for name, measured in rounds.items()}
    cpu = statistics.median(item.cpu for item in rounds[ENGINE.name])
    times_async = medians[ENGINE.name] / medians[STOCK_ASYNC.name]
    times_sync = medians[ENGINE.name] / medians[STOCK_SYNC.name]
    print(f"{times_async:.1f} x stock async (target {TIMES_STOCK_ASYNC})")
    print(f"{times_sync:.1f} x stock sync (target {TIMES_STOCK_SYNC})")
    print(f"{cpu:.0f} us CPU a task (target at most {MOST_CPU:.0f})")
    return times_async >= TIMES_STOCK_ASYNC and times_sync >= TIMES_STOCK_SYNC and cpu <= MOST_CPU


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory, password = Path(name), token_hex()
        postgres = EmbeddedPostgres(directory, password=password, durable=False)
        valkey = EmbeddedRedis(directory, password=password)
        try:
            database_url, redis_url = postgres.start(), valkey.start()
            upgrade_to_head(database_url)
            env = {
                **os.environ,
                "APP_ENV": "test",
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "WORKER_CONCURRENCY": str(SLOTS),
                "LOG_LEVEL": "WARNING",
            }
            systems = (ENGINE, STOCK_ASYNC, STOCK_SYNC)
            rounds: dict[str, list[Round]] = {system.name: [] for system in systems}
            with redis.Redis.from_url(redis_url) as client:
                for _ in range(arguments.rounds):
                    for system in systems:
                        rounds[system.name].append(measure(system, client, env, tasks=arguments.tasks))
        finally:
            valkey.stop()
            postgres.destroy()
    if not report(rounds):
        raise SystemExit("a target was missed")


if __name__ == "__main__":
    main()
