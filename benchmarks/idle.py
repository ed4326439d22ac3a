"""Measure the cost of an idle worker: its commands to Redis, and its CPU.

`python -m benchmarks.idle` counts by MONITOR, which tells a client's commands from those inside of scripts.
"""

import os
import threading
import time
from contextlib import suppress
from typing import Any

import redis

from benchmarks.contenders import engine
from benchmarks.fleet import start_afresh, working
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude
from benchmarks.services import running_services

SECONDS = 15  # of each round
MOST_COMMANDS = 2  # a second
MOST_CPU = 1.0  # per cent of one core


class Witness:
    """Counts the commands of all clients since its start."""

    def __init__(self, url: str) -> None:
        self.count = 0
        self._client = redis.Redis.from_url(url)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        # The server ends before this thread does.
        with suppress(redis.ConnectionError), self._client.monitor() as monitor:
            for command in monitor.listen():
                self.count += _is_from_client(command)


def _is_from_client(command: dict[str, Any]) -> bool:
    return bool(command["client_type"] != "lua")


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, seconds=SECONDS)
    commands, cpu = [], []
    with running_services() as services:
        ours = engine()
        start_afresh()
        with working(ours, services) as workers:
            ours.publish(1000)
            while ours.remaining():
                time.sleep(0.1)
            witness = Witness(os.environ["REDIS_URL"])
            time.sleep(1)
            for _ in range(options.rounds):
                count, used = witness.count, workers.cpu
                time.sleep(options.seconds)
                commands.append((witness.count - count) / options.seconds)
                cpu.append((workers.cpu - used) / options.seconds * 100)
    conclude(
        [
            Figure("commands of an idle worker process", commands, "a second", Target(MOST_COMMANDS)),
            Figure("CPU of an idle worker process", cpu, "%", Target(MOST_CPU)),
        ]
    )


if __name__ == "__main__":
    main()
