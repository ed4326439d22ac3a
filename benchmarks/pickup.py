"""Idle pick-up: how long a task waits for a worker that has nothing to do.

`python -m benchmarks.pickup` publishes one task at a time to this engine, Huey and stock Dramatiq in turn.
"""

import os
import random

import redis

from benchmarks.contender import Contender
from benchmarks.contenders import engine, huey, stock_sync
from benchmarks.latency import latencies, percentiles
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude, percentile, ratios
from benchmarks.services import running_services

TASKS = 200  # of each in a round
GAP = (0.02, 0.08)  # seconds between two of them, random, so that it matches no timer
TIMES_HUEY = 1.5


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, tasks=TASKS)
    with running_services() as services:
        client = redis.Redis.from_url(os.environ["REDIS_URL"])
        contenders: list[Contender] = [engine(), huey(), stock_sync()]
        measured: dict[str, list[list[float]]] = {contender.name: [] for contender in contenders}
        for _ in range(options.rounds):
            for contender in contenders:
                offsets = _offsets(options.tasks)
                log = services.directory / "worker.log"
                measured[contender.name].append(latencies(contender, client, offsets=offsets, log=log))
    conclude(_figures(measured))


def _offsets(count: int) -> list[float]:
    moment, offsets = 0.0, []
    for _ in range(count):
        moment += random.uniform(*GAP)  # noqa: S311 - no secret
        offsets.append(moment)
    return offsets


def _figures(measured: dict[str, list[list[float]]]) -> list[Figure]:
    medians = {name: [percentile(one, 50) for one in rounds] for name, rounds in measured.items()}
    return [
        *percentiles("engine", measured["engine"], p50=2.5, p99=12),
        *percentiles("Huey", measured["Huey"], p50=None, p99=None),
        *percentiles("stock sync", measured["stock sync"], p50=None, p99=None),
        Figure("engine : Huey, p50", ratios(medians["engine"], medians["Huey"]), "times", Target(TIMES_HUEY)),
    ]


if __name__ == "__main__":
    main()
