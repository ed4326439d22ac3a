"""Measure the share of each queue in the tasks that start first, while all three have a backlog.

`python -m benchmarks.weights` publishes 5,000 tasks to each of critical:6, default:3 and low:1.
"""

from collections import Counter

from benchmarks import notes
from benchmarks.contenders import engine
from benchmarks.engine import Engine
from benchmarks.fleet import start_afresh, working
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude
from benchmarks.services import Services, running_services
from benchmarks.tasks import Mark
from internal.ports.tasks import TaskOptions

TASKS = 5_000  # of each queue
COUNTED = 3_000  # first starts
SHARES = {"critical": 60.0, "default": 30.0, "low": 10.0}
TOLERANCE = 0.5  # points


def shares(ours: Engine, services: Services) -> dict[str, float]:
    start_afresh()
    for queue in SHARES:
        options = TaskOptions(queue=queue)
        ours.run(ours.publisher.publish_many([(Mark(label=queue), options)] * TASKS))
    with working(ours, services):
        first = notes.await_notes(COUNTED, within=60)[:COUNTED]
    counts = Counter(note.label for note in first)
    return {queue: counts[queue] / COUNTED * 100 for queue in SHARES}


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS)
    with running_services() as services:
        ours = engine()
        rounds = [shares(ours, services) for _ in range(options.rounds)]
    figures = []
    for queue, expected in SHARES.items():
        measured = [one[queue] for one in rounds]
        worst = max(abs(share - expected) for share in measured)
        figures += [
            Figure(f"share of {queue}", measured, "%"),
            Figure(f"worst distance from {expected:.0f}", [worst], "points", Target(TOLERANCE)),
        ]
    conclude(figures)


if __name__ == "__main__":
    main()
