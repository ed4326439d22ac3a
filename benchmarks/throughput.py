"""Measure no-op tasks per second, with the welcome mail's payload, ten slots and three queues.

`python -m benchmarks.throughput` runs the real worker commands in turn: this engine with an actor and with a
task, stock Dramatiq with an async and with a sync actor, and Huey.
"""

import os
from collections.abc import Mapping, Sequence

from benchmarks.contenders import everyone
from benchmarks.draining import Backlog, Drained, drain
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude, ratios
from benchmarks.services import running_services

TASKS = 20_000
# How many times as fast as stock with an async, and with a sync actor, by the number of processes.
TARGETS = {1: {"stock async": 6, "stock sync": 4}, 2: {"stock async": 5, "stock sync": 4}}

Rates = dict[str, list[Drained]]


def measure(*, rounds: int, tasks: int, processes: Sequence[int]) -> dict[int, Rates]:
    """Measure every contender in each round; the keys are the number of processes and the name."""
    with running_services() as services:
        backlogs = [
            Backlog(contender, os.environ["REDIS_URL"], tasks=tasks, database=number)
            for number, contender in enumerate(everyone(), start=1)
        ]
        measured: dict[int, Rates] = {
            number: {backlog.contender.name: [] for backlog in backlogs} for number in processes
        }
        for _ in range(rounds):
            for number in processes:
                for backlog in backlogs:
                    drained = drain(backlog, processes=number, log=services.directory / "worker.log")
                    measured[number][backlog.contender.name].append(drained)
    return measured


def figures(rates: Mapping[str, Sequence[Drained]], *, processes: int) -> list[Figure]:
    with_unit = f"tasks/s with {processes} process{'es' if processes > 1 else ''}"
    rate = {name: [one.rate for one in drained] for name, drained in rates.items()}
    absolute = [Figure(name, samples, with_unit) for name, samples in rate.items()]
    relative = [
        Figure(
            f"engine : {name}, {processes}",
            ratios(rate["engine"], rate[name]),
            "times",
            Target(least, at_least=True),
        )
        for name, least in TARGETS[processes].items()
    ]
    return absolute + relative


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, tasks=TASKS)
    measured = measure(rounds=options.rounds, tasks=options.tasks, processes=[1, 2])
    conclude([figure for number, rates in measured.items() for figure in figures(rates, processes=number)])


if __name__ == "__main__":
    main()
