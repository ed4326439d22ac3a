"""Rounds of signals: a worker, two signals at some moment of its life, and what has to become of it."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from tests.support.faults.fleet import Fleet, Worker

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGTSTP, signal.SIGCONT)
END = {signal.SIGTERM, signal.SIGINT}

TIMEOUT = 1  # seconds that running tasks get
GRACE = 2  # seconds after that, for all the rest
STARTS_WITHIN = 60  # seconds, beside many others

Target = Literal["child", "supervisor", "both"]
TARGETS: tuple[Target, ...] = ("child", "supervisor", "both")
Moment = Literal["supervisor listens", "child is there", "child listens", "child works"]
# Most of them are moments of the first second, which cost no whole start.
MOMENTS: dict[Moment, int] = {
    "supervisor listens": 10,
    "child is there": 6,
    "child listens": 2,
    "child works": 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`delay` is after the moment, `gap` between the two signals; both are in seconds."""

    first: signal.Signals
    second: signal.Signals
    target: Target
    moment: Moment
    delay: float
    gap: float

    @classmethod
    def drawn(cls, chance: random.Random) -> "Round":
        [moment] = chance.choices(list(MOMENTS), weights=list(MOMENTS.values()))
        return cls(
            first=chance.choice(SIGNALS),
            second=chance.choice(SIGNALS),
            target=chance.choice(TARGETS),
            moment=moment,
            delay=chance.choice([0, 0.3]) * chance.random(),
            gap=chance.choice([0, 0, 0.05]) * chance.random(),
        )

    @property
    def ends_worker(self) -> bool:
        return self.target != "child" and bool(END & {self.first, self.second})

    @property
    def ends_child(self) -> bool:
        return bool(END & {self.first, self.second})

    async def play(self, worker: Worker) -> None:
        """Raise AssertionError if the worker does not do what it was told, once, and end in time."""
        await until(lambda: self._has_come(worker))
        await asyncio.sleep(self.delay)
        self._send(self.first, worker)
        await asyncio.sleep(self.gap)
        self._send(self.second, worker)
        if not self.ends_worker:
            await self._obeys(worker)
            worker.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        await until(lambda: worker.process.poll() is not None)
        took = time.monotonic() - told
        assert worker.process.returncode == 0, worker.log
        assert took <= TIMEOUT + GRACE, f"{took:.2f} s"
        assert "worker.killed" not in worker.log

    def _has_come(self, worker: Worker) -> bool:
        assert worker.process.poll() is None, worker.log
        match self.moment:
            case "supervisor listens":
                return listens(worker.process.pid)
            case "child is there":
                return bool(worker.children)
            case "child listens":
                return any(map(listens, worker.children))
            case "child works":
                return "worker.started" in worker.log

    def _send(self, number: signal.Signals, worker: Worker) -> None:
        pids = worker.children if self.target != "supervisor" and worker.process.poll() is None else []
        if self.target != "child":
            pids.append(worker.process.pid)
        for pid in pids:
            with suppress(ProcessLookupError):  # the first signal has ended it
                os.kill(pid, number)

    async def _obeys(self, worker: Worker) -> None:
        """It lives on, and fetches or does not, as it was told last."""
        if self.moment != "child works":
            assert worker.process.poll() is None, worker.log
            return
        if self.ends_child:
            await until(lambda: worker.log.count("worker.started") == 2)
        is_drained = self.second == signal.SIGTSTP and not self.ends_child
        await until(lambda: _is_draining(worker.log) == is_drained)
        assert worker.log.count("worker.process_died") == self.ends_child


def _is_draining(log: str) -> bool:
    """Whether the process that was started last is draining. Its predecessor may have died drained."""
    own = log[log.rfind("worker.started") :]
    return own.rfind("worker.draining") > own.rfind("worker.resuming")


EVERY = [
    Round(first=first, second=second, target=target, moment=moment, delay=delay, gap=0)
    for first, second, target, moment, delay in product(SIGNALS, SIGNALS, TARGETS, MOMENTS, [0, 0.1])
]


async def play_all(rounds: list[Round], fleet: Fleet, *, at_once: int) -> None:
    """Play them side by side, each on a worker of its own."""
    room = asyncio.Semaphore(at_once)

    async def play(one: Round) -> None:
        async with room:
            worker = fleet.launch(
                "cmd.worker", "tests.support.faults.actors", WORKER_SHUTDOWN_TIMEOUT=str(TIMEOUT)
            )
            try:
                await one.play(worker)
            except AssertionError as error:
                raise AssertionError(f"{one}: {error}") from error

    async with asyncio.TaskGroup() as group:
        for one in rounds:
            group.create_task(play(one))


def listens(pid: int) -> bool:
    """Whether the process handles SIGTERM by now."""
    try:
        [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "SigCgt" in line]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return bool(int(line.split()[1], 16) & 1 << (signal.SIGTERM - 1))


async def until(holds: Callable[[], bool], *, within: float = STARTS_WITHIN) -> None:
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 - it is another process that changes it
            await asyncio.sleep(0.01)
