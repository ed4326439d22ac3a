"""What encrypted payloads cost: CPU of the publisher, the worker and Redis for a task, and its bytes.

`python -m benchmarks.encryption` drains a backlog of the application's no-ops with and without
TASK_PAYLOAD_KEYS in turn, in fresh worker processes.
"""

import os
import statistics
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks.cost_sample import redis_cpu
from benchmarks.draining import Backlog, drain
from benchmarks.engine import Engine, key
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude
from benchmarks.services import running_services

TASKS = 20_000
MOST = 10  # microseconds
KEYS = f"bench:{b64encode(os.urandom(32)).decode()}"
SETTINGS = {"plain": "", "encrypted": KEYS}


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU for a task, and the bytes of its message."""

    publisher: float
    worker: float
    redis: float
    size: float


def main() -> None:
    options = arguments(__doc__, rounds=2 * ROUNDS, tasks=TASKS)
    with running_services() as services:
        url = os.environ["REDIS_URL"]
        backlogs = {
            name: Backlog(
                Engine.with_application_task(url, name=name, payload_keys=keys),
                url,
                tasks=options.tasks,
                database=number,
            )
            for number, (name, keys) in enumerate(SETTINGS.items(), start=1)
        }
        costs: dict[str, list[Cost]] = {name: [] for name in SETTINGS}
        for _ in range(options.rounds):
            for name, backlog in backlogs.items():
                os.environ["TASK_PAYLOAD_KEYS"] = SETTINGS[name]
                costs[name].append(_measure(backlog, url, log=services.directory / "worker.log"))
    conclude(_figures(costs))


def _measure(backlog: Backlog, url: str, *, log: Path) -> Cost:
    client = redis.Redis.from_url(url)
    backlog.clear()
    began = time.process_time()
    backlog.contender.publish(backlog.tasks)
    published = time.process_time() - began
    size = statistics.fmean(map(len, client.hvals(key("default", "messages"))))
    began = redis_cpu(client)
    drained = drain(backlog, processes=1, log=log)
    return Cost(
        publisher=published / backlog.tasks * 1e6,
        worker=drained.cpu,
        redis=(redis_cpu(client) - began) / backlog.tasks * 1e6,
        size=size,
    )


def _figures(costs: Mapping[str, Sequence[Cost]]) -> list[Figure]:
    figures = []
    for part in ("publisher", "worker", "redis"):
        samples = {name: [getattr(cost, part) for cost in each] for name, each in costs.items()}
        figures += [Figure(f"{part}, {name}", values, "us/task") for name, values in samples.items()]
        more = [after - before for before, after in zip(*samples.values(), strict=True)]
        figures.append(Figure(f"{part}, encrypted - plain", more, "us/task", Target(MOST)))
    sizes = {name: [cost.size for cost in each] for name, each in costs.items()}
    return [*figures, *(Figure(f"message, {name}", values, "bytes") for name, values in sizes.items())]


if __name__ == "__main__":
    main()
