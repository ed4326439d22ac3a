"""The time from publishing a task to the start of its handler, in another process on the same clock."""

import time
from collections.abc import Iterable
from pathlib import Path

import redis

from benchmarks import notes
from benchmarks.contender import Contender
from benchmarks.processes import await_quiet, running
from benchmarks.report import Figure, Target, percentile

WARM_UP = 50  # tasks
LATE = 30.0  # seconds after which a task is taken for lost


def latencies(
    contender: Contender, client: redis.Redis, *, offsets: Iterable[float], log: Path
) -> list[float]:
    """Publish each task at its offset in seconds; return the milliseconds from that time to its start.

    So what delays the publishing of one task counts for those behind it, too.
    """
    client.flushdb()
    notes.clear()
    with running(*contender.commands(processes=1), log=log) as workers:
        await_quiet(workers)
        for _ in range(WARM_UP):
            contender.mark("warm-up")
        notes.await_notes(WARM_UP, within=LATE)
        notes.clear()
        due = _publish(contender, offsets)
        written = notes.await_notes(len(due), within=LATE)
    return [(note.at - due[note.label]) * 1000 for note in written]


def _publish(contender: Contender, offsets: Iterable[float]) -> dict[str, float]:
    begin = time.monotonic() + 0.1
    due = {str(number): begin + offset for number, offset in enumerate(offsets)}
    for label, moment in due.items():
        time.sleep(max(0.0, moment - time.monotonic()))
        contender.mark(label)
    return due


def percentiles(
    name: str, rounds: list[list[float]], *, p50: float | None, p99: float | None
) -> list[Figure]:
    """Report p50 and p99 of each round; None as a limit means that there is no target."""
    return [
        Figure(
            f"{name}, p{percent}",
            [percentile(samples, percent) for samples in rounds],
            "ms",
            None if limit is None else Target(limit),
        )
        for percent, limit in ((50, p50), (99, p99))
    ]
