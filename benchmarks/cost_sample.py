"""One sample for `benchmarks.against`: run by its path, so that it measures the tree on PYTHONPATH.

Prints worker and Redis CPU in microseconds for a task, and tasks a second, as JSON.
"""

import json
import os
import sys
import time

import redis

from benchmarks.draining import EVERY, Backlog
from benchmarks.engine import Engine
from benchmarks.processes import await_quiet, running
from benchmarks.services import running_services


def main() -> None:
    tasks = int(sys.argv[1])
    with running_services() as services:
        url = os.environ["REDIS_URL"]
        backlog = Backlog(Engine(url), url, tasks=tasks, database=1)
        client = redis.Redis.from_url(url)
        commands = backlog.contender.commands(processes=1)
        with running(*commands, log=services.directory / "worker.log") as workers:
            await_quiet(workers)
            backlog.restore()
            began, worker, server = time.monotonic(), workers.cpu, redis_cpu(client)
            while backlog.contender.remaining():
                time.sleep(EVERY)
            seconds = time.monotonic() - began
            worker, server = workers.cpu - worker, redis_cpu(client) - server
    print(
        json.dumps({"worker": worker / tasks * 1e6, "redis": server / tasks * 1e6, "rate": tasks / seconds})
    )


def redis_cpu(client: redis.Redis) -> float:
    """Seconds, user and system."""
    used = client.info("cpu")
    return float(used["used_cpu_user"]) + float(used["used_cpu_sys"])


if __name__ == "__main__":
    main()
