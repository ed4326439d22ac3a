"""Measure the time until a task runs again after SIGKILL to its worker, while another worker is up.

`python -m benchmarks.recovery` kills 20 times, which takes five minutes; `--rounds 3` is a short run.
"""

import os
import signal
import time

from benchmarks import notes
from benchmarks.contenders import engine
from benchmarks.engine import Engine
from benchmarks.fleet import start_afresh, working
from benchmarks.report import Figure, Target, arguments, conclude, percentile
from benchmarks.services import running_services
from benchmarks.tasks import StayOnce

ROUNDS = 20
LONGEST = 20.0  # seconds
LOST_AFTER = 120.0


def recovery(ours: Engine, label: str) -> float:
    """Return the seconds from the worker's death to the task's next start; TimeoutError if it is lost."""
    notes.clear()
    ours.publish_all([StayOnce(label=label, seconds=LOST_AFTER)])
    [first] = notes.await_notes(1, within=30)
    os.kill(first.pid, signal.SIGKILL)
    killed = time.monotonic()
    _, again = notes.await_notes(2, within=LOST_AFTER)
    return again.at - killed


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS)
    with running_services() as services:
        ours = engine()
        start_afresh()
        with working(ours, services, processes=2):
            measured = [recovery(ours, str(number)) for number in range(options.rounds)]
    p95 = percentile(measured, 95)
    conclude([Figure("killed task runs again, p95", measured, "s", Target(LONGEST), value=p95)])


if __name__ == "__main__":
    main()
