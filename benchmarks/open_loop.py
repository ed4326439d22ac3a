"""Publish 200 tasks per second at fixed times, and measure how long each waits for its start, beside stock.

`python -m benchmarks.open_loop` publishes at fixed times, even if the last task is late.
"""

import os

import redis

from benchmarks.contender import Contender
from benchmarks.contenders import engine, huey, stock_async
from benchmarks.latency import latencies, percentiles
from benchmarks.report import ROUNDS, arguments, conclude
from benchmarks.services import running_services

RATE = 200  # tasks a second
SECONDS = 10


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, seconds=SECONDS)
    offsets = [number / RATE for number in range(options.seconds * RATE)]
    with running_services() as services:
        client = redis.Redis.from_url(os.environ["REDIS_URL"])
        contenders: list[Contender] = [engine(), stock_async(), huey()]
        measured: dict[str, list[list[float]]] = {contender.name: [] for contender in contenders}
        for _ in range(options.rounds):
            for contender in contenders:
                log = services.directory / "worker.log"
                measured[contender.name].append(latencies(contender, client, offsets=offsets, log=log))
    conclude(
        [
            *percentiles("engine", measured["engine"], p50=2, p99=10),
            *percentiles("stock async", measured["stock async"], p50=None, p99=None),
            *percentiles("Huey", measured["Huey"], p50=None, p99=None),
        ]
    )


if __name__ == "__main__":
    main()
