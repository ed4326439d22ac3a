"""`python -m tests.faults.replica REDIS_URL INTERVAL`: a scheduler as a process, for the tests to kill."""

import asyncio
import sys

from internal.infrastructure.telemetry.log import configure_logging
from tests.scheduling import every, scheduler_on

if __name__ == "__main__":
    configure_logging(level="INFO", log_format="json")
    redis_url, interval = sys.argv[1:]
    asyncio.run(scheduler_on(redis_url, every(interval)).run())
