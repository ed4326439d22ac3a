"""Restart Redis under load while 100 tasks wait for a retry, and measure which of them run, and when.

`python -m benchmarks.restart` publishes all the time, stops the append-only Valkey and starts it again three
seconds later. The worker keeps running. Every task that Redis confirmed must run, exactly once.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import notes
from benchmarks.contenders import engine
from benchmarks.engine import Engine
from benchmarks.fleet import start_afresh, working
from benchmarks.report import ROUNDS, Figure, Target, arguments, conclude
from benchmarks.services import Services, running_services
from benchmarks.tasks import FailOnce, Mark
from internal.ports.unavailable import Unavailable

RETRIES = 100
RATE = 200  # tasks published a second, before, while and after Redis is away
AWAY = 3.0  # seconds
LOADED = 2.0  # seconds of load before and after
LONGEST = 30.0  # seconds until all retries have run, from the return of Redis
PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Outcome:
    seconds: float  # from the return of Redis to the last retry
    lost: int
    doubled: int


async def load(ours: Engine, is_over: Callable[[], bool]) -> set[str]:
    """Publish until the restart is over; return the labels of the tasks that Redis confirmed."""
    confirmed = set()
    number = 0
    while not is_over():
        number += 1
        try:
            await ours.publisher.publish(Mark(label=f"load-{number}"))
        except Unavailable:
            await asyncio.sleep(0.1)
        else:
            confirmed.add(f"load-{number}")
        await asyncio.sleep(1 / RATE)
    return confirmed


def restart(services: Services) -> float:
    """Return the time at which Redis answered again."""
    time.sleep(LOADED)
    services.redis.stop()
    time.sleep(AWAY)
    services.redis.start()
    back = time.monotonic()
    time.sleep(LOADED)
    return back


async def under_load(ours: Engine, services: Services) -> tuple[set[str], float]:
    restarting = asyncio.create_task(asyncio.to_thread(restart, services))
    confirmed = await load(ours, restarting.done)
    return confirmed, await restarting


def round_of(ours: Engine, services: Services) -> Outcome:
    start_afresh()
    with working(ours, services):
        ours.publish_all([FailOnce(label=f"retry-{number}") for number in range(RETRIES)])
        notes.await_notes(RETRIES, within=30)
        confirmed, back = ours.run(under_load(ours, services))
        _await_end(ours)
    written = notes.read()
    starts = Counter(note.label for note in written)
    expected = {f"retry-{number}": 2 for number in range(RETRIES)} | dict.fromkeys(confirmed, 1)
    return Outcome(
        seconds=max(note.at for note in written if note.label.startswith("retry")) - back,
        lost=sum(max(0, count - starts[label]) for label, count in expected.items()),
        doubled=sum(max(0, starts[label] - count) for label, count in expected.items()),
    )


def _await_end(ours: Engine) -> None:
    deadline = time.monotonic() + PATIENCE
    while ours.remaining() and time.monotonic() < deadline:
        time.sleep(0.1)


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS)
    with running_services() as services:
        ours = engine()
        outcomes = [round_of(ours, services) for _ in range(options.rounds)]
    seconds = [outcome.seconds for outcome in outcomes]
    lost, doubled = [one.lost for one in outcomes], [one.doubled for one in outcomes]
    conclude(
        [
            Figure("all retries have run", seconds, "s", Target(LONGEST), value=max(seconds)),
            Figure("lost", lost, "tasks", Target(0), value=sum(lost)),
            Figure("doubled", doubled, "tasks", Target(0), value=sum(doubled)),
        ]
    )


if __name__ == "__main__":
    main()
