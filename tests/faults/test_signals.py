"""A worker obeys each signal once, at any moment of its life and from any sender."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from internal.infrastructure.embedded.process import free_port, spawn, stop
from tests.support.faults.fleet import Fleet
from tests.support.faults.journal import START
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import IS_LONG, long_round
from tests.support.faults.signal_rounds import EVERY, GRACE, TIMEOUT, Round, play_all
from tests.support.polling import eventually
from tests.support.process_family import family_of
from tests.support.queue_contents import queued

ROUNDS = 100
AT_ONCE = 6
ENTRY_POINTS = [
    (["cmd.server"], 0),
    (["cmd.grpc"], 0),
    (["cmd.worker"], 0),
    (["cmd.worker", "--supervised"], 0),
    (["cmd.dev"], 0),
    (["cmd.admin", "stats"], 130),
]
AS_FIRST_PROCESS = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
BURN = [sys.executable, "-c", "while True: pass"]


def is_importing(pid: int) -> bool:
    """Whether the process, or a child of it, has come to import the settings."""
    return any("pydantic_core" in maps_of(member) for member in family_of(pid))


def maps_of(pid: int) -> str:
    """The libraries that a process has loaded, among others."""
    return Path(f"/proc/{pid}/maps").read_text()


def left_active(fleet: Fleet) -> int:
    return sum(task.state == "active" for task in queued(fleet.redis_url))


@pytest.mark.timeout(300)
def test_f37_any_two_signals_at_a_random_moment_of_a_worker_s_life(fleet: Fleet, row: Row) -> None:
    chance = random.Random(None if IS_LONG else 37)  # noqa: S311 - the choice of signals is not a secret
    for key in range(1000):
        fleet.send("work", key=str(key), seconds=0.3)

    asyncio.run(play_all([Round.drawn(chance) for _ in range(ROUNDS)], fleet, at_once=AT_ONCE))

    row.note("left active", left_active(fleet), unit="", limit=0)


@long_round
@pytest.mark.timeout(1800)
def test_f37_every_pair_of_signals_at_every_moment(fleet: Fleet, row: Row) -> None:
    for key in range(10_000):
        fleet.send("work", key=str(key), seconds=0.3)

    asyncio.run(play_all(EVERY, fleet, at_once=AT_ONCE))

    row.note("left active", left_active(fleet), unit="", limit=0)


def test_a_stop_that_is_sent_to_every_process_with_sigcont_is_one_order(fleet: Fleet) -> None:
    """As systemd stops a service."""
    worker = fleet.start(WORKER_SHUTDOWN_TIMEOUT=str(TIMEOUT))
    for key in range(10):
        fleet.send("work", key=str(key), seconds=30)
    eventually(lambda: len(fleet.journal.keys(START)) == 10, within=10)
    family = family_of(worker.process.pid)

    for number in (signal.SIGTERM, signal.SIGCONT):
        for pid in family:
            os.kill(pid, number)

    assert worker.process.wait(20) == 0
    assert {task.state for task in queued(fleet.redis_url)} == {"pending"}


@pytest.mark.parametrize(("command", "code"), ENTRY_POINTS, ids=str)
def test_a_process_that_is_told_to_end_while_it_imports_ends_at_once(
    fleet: Fleet, command: list[str], code: int
) -> None:
    worker = fleet.launch(*command)
    eventually(lambda: is_importing(worker.process.pid), within=20)

    worker.process.send_signal(signal.SIGTERM)

    assert worker.process.wait(5) == code
    assert worker.log == ""


def test_the_first_process_of_a_container_ends_while_it_imports_too(fleet: Fleet) -> None:
    first = spawn([*AS_FIRST_PROCESS, sys.executable, "-m", "cmd.worker"], env=fleet.env({}))
    try:
        eventually(lambda: len(family_of(first.pid)) >= 2, within=20)
        worker = family_of(first.pid)[1]
        eventually(lambda: is_importing(worker), within=20)

        os.kill(worker, signal.SIGTERM)

        assert first.wait(5) == 0
    finally:
        stop(first)


def test_the_first_process_of_a_container_reaps_orphans_and_knows_its_own(
    fleet: Fleet, tmp_path: Path
) -> None:
    command = [*AS_FIRST_PROCESS, sys.executable, "-m", "cmd.worker", "tests.support.faults.actors"]
    first = spawn(command, env=fleet.env({}), log=tmp_path / "log")
    try:
        for key in range(3):
            fleet.send("leave_orphan", key=str(key))
        fleet.ended(["0", "1", "2"], within=20)
        [_, supervisor, child] = family_of(first.pid)[:3]
        eventually(lambda: family_of(supervisor) == [supervisor, child], within=5)
        os.kill(child, signal.SIGKILL)
        eventually(lambda: (tmp_path / "log").read_text().count("worker.started") == 2, within=20)

        assert '{"code": -9,' in (tmp_path / "log").read_text()
        os.kill(supervisor, signal.SIGTERM)
        assert first.wait(5) == 0
    finally:
        stop(first)


def test_a_server_that_is_the_first_process_of_a_container_reaps_orphans(fleet: Fleet) -> None:
    ports = {"HTTP_PORT": str(free_port()), "PRIVATE_PORT": str(free_port())}
    first = spawn([*AS_FIRST_PROCESS, sys.executable, "-m", "cmd.server"], env=fleet.env(ports))
    try:
        eventually(lambda: "_granian" in maps_of(family_of(first.pid)[-1]), within=20)
        eventually(lambda: len(family_of(first.pid)) == 3, within=20)
        [_, server, _] = before = family_of(first.pid)
        inside = ["nsenter", f"--target={server}", "--user", "--pid", "--preserve-credentials"]
        subprocess.run([*inside, "sh", "-c", "sleep 0.2 &"], check=True)
        eventually(lambda: family_of(first.pid) != before, within=5)

        eventually(lambda: family_of(first.pid) == before, within=5)
        os.kill(server, signal.SIGTERM)
        assert first.wait(10) == 0
    finally:
        stop(first)


def test_a_process_that_a_task_has_forked_obeys_for_itself(fleet: Fleet) -> None:
    worker = fleet.start()

    fleet.send("end_forked_process", key="forked")

    fleet.ended(["forked"], within=10)
    fleet.send("work", key="later")
    fleet.ended(["later"], within=5)
    assert "worker.stopping" not in worker.log


@contextmanager
def busy_machine() -> Generator[None]:
    burning = [spawn(BURN) for _ in range(4 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def test_a_stop_ends_in_time_on_a_busy_machine(fleet: Fleet) -> None:
    worker = fleet.start(WORKER_SHUTDOWN_TIMEOUT=str(TIMEOUT))
    for actor in ("work", "block", "ignore_interruption"):
        fleet.send(actor, key=actor, seconds=30)
    eventually(lambda: len(fleet.journal.keys(START)) == 3, within=10)

    with busy_machine():
        worker.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        code = worker.process.wait(20)
        took = time.monotonic() - told

    assert code == 0, worker.log
    assert took <= TIMEOUT + GRACE
    assert {task.state for task in queued(fleet.redis_url)} == {"pending"}
