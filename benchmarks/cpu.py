"""CPU for a task that does nothing: user and system time of the worker, its children included.

`python -m benchmarks.cpu` measures it while the workers of `benchmarks.throughput` do their backlog.
"""

from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude
from benchmarks.throughput import TASKS, measure

MOST = 100  # microseconds


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, tasks=TASKS)
    drained = measure(rounds=options.rounds, tasks=options.tasks, processes=[1])[1]
    conclude(
        [
            Figure(name, [one.cpu for one in samples], "us/task", Target(MOST) if name == "engine" else None)
            for name, samples in drained.items()
        ]
    )


if __name__ == "__main__":
    main()
