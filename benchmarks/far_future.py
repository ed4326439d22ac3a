"""A crowded far future: 100,000 tasks that are due in a day, then one that is due in two seconds.

`python -m benchmarks.far_future` measures how late the near one starts, and what the others cost a worker.
"""

import time
from datetime import timedelta

from benchmarks import notes
from benchmarks.contenders import engine
from benchmarks.engine import Engine
from benchmarks.fleet import start_afresh, working
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude
from benchmarks.services import running_services
from benchmarks.tasks import Noop
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.ports.tasks import TaskOptions

TASKS = 100_000
DAY = timedelta(days=1)
SOON = timedelta(seconds=2)
LATEST = 50.0  # milliseconds
MOST_MEMORY = 5.0  # MiB
MIB = 1024 * 1024


def lateness(ours: Engine, label: str) -> float:
    """Return the milliseconds from the time that a task was due to its start."""
    notes.clear()
    due = time.monotonic() + SOON.total_seconds()
    ours.mark(label, delay=SOON)
    [note] = notes.await_notes(1, within=30)
    return (note.at - due) * 1000


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, tasks=TASKS)
    with running_services() as services:
        ours = engine()
        start_afresh()
        with working(ours, services) as workers:
            lateness(ours, "warm-up")
            before = workers.resident
            for _ in range(options.tasks // MOST_AT_ONCE):
                ours.run(ours.publisher.publish_many([(Noop(), TaskOptions(delay=DAY))] * MOST_AT_ONCE))
            late, memory = [], []
            for number in range(options.rounds):
                late.append(lateness(ours, str(number)))
                memory.append((workers.resident - before) / MIB)
    conclude(
        [
            Figure("worst start after its time", late, "ms", Target(LATEST), value=max(late)),
            Figure("worst start before its time", [-min(late)], "ms", Target(1.0)),
            Figure("worker's memory, growth", memory, "MiB", Target(MOST_MEMORY), value=max(memory)),
        ]
    )


if __name__ == "__main__":
    main()
