"""Schedulers that are killed, frozen and cut off while slots come: each slot has one task."""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from internal.infrastructure.embedded.process import spawn
from internal.infrastructure.embedded.redis import EmbeddedRedis
from internal.infrastructure.taskqueue.delivery.outcomes import DONE
from internal.infrastructure.taskqueue.delivery.settlements import Settlement
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import long_round
from tests.support.polling import eventually
from tests.support.proxy import Proxy
from tests.support.schedulers import assert_complete, slot_of
from tests.support.taskqueue.engine import Engine, Hand, engine_on

INTERVAL = timedelta(milliseconds=100)
STARTS_WITHIN = 30  # seconds


class Replica:
    def __init__(self, redis_url: str, log: Path) -> None:
        command = [sys.executable, "-m", "tests.support.faults.replica", redis_url, "100ms"]
        self.process = spawn(command, env={"PATH": os.environ["PATH"]}, log=log)
        self._log = log

    @property
    def published(self) -> list[str]:
        """The tasks that this one was told to have stored."""
        lines = [
            json.loads(line) for line in self._log.read_text().splitlines(keepends=True) if line[-1] == "\n"
        ]
        return [line["task_id"] for line in lines if line["event"] == "schedule.published"]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@contextmanager
def replicas(number: int, redis_url: str, work: "Work", directory: Path) -> Iterator[list[Replica]]:
    before = work.clients
    started = [Replica(redis_url, directory / f"replica-{n}.log") for n in range(number)]
    try:
        eventually(lambda: work.clients >= before + number, within=STARTS_WITHIN)
        yield started
    finally:
        for replica in started:
            replica.process.kill()
        for replica in started:
            replica.process.wait()


def leader(among: Sequence[Replica]) -> Replica:
    """The one that was first to most slots."""
    return max(among, key=lambda replica: len(replica.published))


class Work:
    """Runs the tasks, so that only the last slot shows that there were any."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._hand = Hand(engine)
        self.slots: list[datetime] = []

    @property
    def clients(self) -> int:
        return len(self._engine.client.client_list())

    def go_on(self, slots: int) -> None:
        """Wait for this number of further slots."""
        wanted = len(self.slots) + slots
        eventually(lambda: self._done() >= wanted, within=STARTS_WITHIN + slots)

    def _done(self) -> int:
        deliveries = self._hand.fetch(100)
        self._hand.turn([Settlement(delivery.lease, DONE) for delivery in deliveries])
        self.slots += [slot_of(delivery.task_id) for delivery in deliveries]
        return len(self.slots)


@pytest.fixture
def work(redis_server: EmbeddedRedis) -> Iterator[Work]:
    with engine_on(redis_server.url) as engine:
        yield Work(engine)


def test_f23_three_replicas_publish_each_of_60_slots_once_although_the_leader_is_killed(
    redis_server: EmbeddedRedis, work: Work, tmp_path: Path, row: Row
) -> None:
    with replicas(3, redis_server.url, work, tmp_path) as started:
        work.go_on(25)
        killed = leader(started)
        killed.send(signal.SIGKILL)
        killed.process.wait()
        work.go_on(35)

    assert_complete(work.slots, INTERVAL)
    said = [task_id for replica in started for task_id in replica.published]
    row.note("published twice", len(said) - len(set(said)), unit="", limit=0)


def test_a_frozen_replica_stops_nobody_and_doubles_nothing_when_it_goes_on(
    redis_server: EmbeddedRedis, work: Work, tmp_path: Path
) -> None:
    with replicas(2, redis_server.url, work, tmp_path) as started:
        work.go_on(5)
        frozen = leader(started)
        frozen.send(signal.SIGSTOP)
        work.go_on(10)
        frozen.send(signal.SIGCONT)
        work.go_on(10)

    assert_complete(work.slots, INTERVAL)


def test_a_lost_reply_publishes_nothing_twice(
    redis_server: EmbeddedRedis, work: Work, tmp_path: Path
) -> None:
    with Proxy(redis_server.url).running() as proxy, replicas(2, proxy.url, work, tmp_path):
        work.go_on(5)
        proxy.cut_at_random(8, seed=1)
        work.go_on(10)

    assert_complete(work.slots, INTERVAL)


@long_round
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_slot_is_lost_or_doubled_whatever_happens_for_a_minute(
    redis_server: EmbeddedRedis, work: Work, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - the same moments in every run
    with replicas(4, redis_server.url, work, tmp_path) as started:
        for step in range(30):
            victim = draw.choice(started[2:])
            victim.send(signal.SIGSTOP)
            if step in {5, 15}:
                started[step // 10].send(signal.SIGKILL)
            if step == 20:
                redis_server.stop()
                redis_server.start()
            time.sleep(draw.uniform(0.5, 3))
            victim.send(signal.SIGCONT)
            work.go_on(5)
    assert_complete(work.slots, INTERVAL)
