"""A scheduler process for the tests to kill: `python -m tests.support.faults.replica URL INTERVAL`."""

import asyncio
import sys

from internal.infrastructure.telemetry.log import configure_logging
from tests.support.schedulers import every, scheduler_on

if __name__ == "__main__":
    configure_logging(level="INFO", log_format="json")
    redis_url, interval = sys.argv[1:]
    asyncio.run(scheduler_on(redis_url, every(interval)).run())
