"""Workers that are told to stop, to stop at once, to drain and to go on."""

import os
import signal
import time
from collections import Counter

import pytest

from internal.infrastructure.bootstrap.worker.supervisor import SAME_SIGNAL
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.faults.fleet import ACTORS, Fleet
from tests.support.faults.journal import END, START
from tests.support.polling import eventually
from tests.support.proxy import Proxy
from tests.support.queue_contents import queued

KINDS = ("work", "block")
TIMEOUT = 1  # seconds that the worker has to stop
GRACE = 2  # seconds after that


def keys_of(ending: str) -> list[str]:
    return [f"{kind}-{ending}" for kind in KINDS]


def test_sigterm_settles_what_ends_in_time_and_hands_the_rest_back(fleet: Fleet) -> None:
    worker = fleet.start(WORKER_SHUTDOWN_TIMEOUT=str(TIMEOUT), WORKER_CONCURRENCY="5")
    for kind in KINDS:
        fleet.send(kind, key=f"{kind}-soon", seconds=0.8)
        fleet.send(kind, key=f"{kind}-late", seconds=30)
    fleet.send("ignore_interruption", key="stubborn", seconds=30)
    running = {*keys_of("soon"), *keys_of("late"), "stubborn"}
    eventually(lambda: set(fleet.journal.keys(START)) == running, within=10)
    fleet.send("work", key="waiting")

    worker.process.send_signal(signal.SIGTERM)
    told = time.monotonic()
    code = worker.process.wait(20)
    seconds = time.monotonic() - told

    print(f"stopped {seconds:.2f} s after SIGTERM, with a timeout of {TIMEOUT} s")  # noqa: T201 - the measured figure
    assert code == 0
    assert seconds <= TIMEOUT + GRACE
    assert sorted(fleet.journal.keys(END)) == sorted(keys_of("soon"))
    tasks = queued(fleet.redis_url)
    assert [task.state for task in tasks] == ["pending"] * 4
    assert {task.message.kwargs["key"] for task in tasks[:3]} == {*keys_of("late"), "stubborn"}
    assert tasks[3].message.kwargs["key"] == "waiting"
    assert not any("retries" in task.message.options for task in tasks)
    with fleet.client() as client:
        assert list(client.scan_iter("*:task:*")) == []  # no crash is counted, either


def test_what_a_reply_brings_that_was_under_way_goes_back(fleet: Fleet) -> None:
    for number in range(20):
        fleet.send("work", key=str(number), seconds=30)
    with Proxy(fleet.redis_url).running() as proxy:
        proxy.round_trip = 0.6
        worker = fleet.launch("cmd.worker", ACTORS, REDIS_URL=proxy.url, WORKER_SHUTDOWN_TIMEOUT="3")
        eventually(lambda: any(task.state == "active" for task in queued(fleet.redis_url)), within=30)

        worker.process.send_signal(signal.SIGTERM)

        assert worker.process.wait(20) == 0
    assert {task.state for task in queued(fleet.redis_url)} == {"pending"}


def test_a_worker_whose_redis_stays_away_exits_1_and_says_how_much_is_unsettled(
    fleet: Fleet, redis_server: EmbeddedRedis
) -> None:
    worker = fleet.start(WORKER_SHUTDOWN_TIMEOUT=str(TIMEOUT))
    for number in range(3):
        fleet.send("work", key=str(number), seconds=0.5)
    eventually(lambda: len(fleet.journal.keys(START)) == 3, within=10)
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        worker.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        code = worker.process.wait(20)
        seconds = time.monotonic() - told
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)

    print(f"stopped {seconds:.2f} s after SIGTERM without Redis, with a timeout of {TIMEOUT} s")  # noqa: T201 - the measured figure
    assert code == 1
    assert seconds <= TIMEOUT + GRACE
    assert "3 tasks are not settled" in worker.log


def test_unsettled_tasks_run_again_when_redis_is_back(fleet: Fleet, redis_server: EmbeddedRedis) -> None:
    worker = fleet.start(WORKER_SHUTDOWN_TIMEOUT="1", WORKER_LEASE="1")
    fleet.send("work", key="unsettled", seconds=0.5)
    eventually(lambda: len(fleet.journal.keys(START)) == 1, within=10)
    redis_server.stop()
    worker.process.send_signal(signal.SIGTERM)
    code = worker.process.wait(20)
    redis_server.start()

    fleet.start(WORKER_LEASE="1")

    eventually(lambda: fleet.journal.keys(END) == ["unsettled"] * 2, within=20)
    assert code == 1
    eventually(lambda: queued(fleet.redis_url) == [], within=5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_sigterm_exits_at_once(fleet: Fleet, kind: str) -> None:
    worker = fleet.start()
    fleet.send(kind, key="running", seconds=30)
    eventually(lambda: fleet.journal.keys(START) == ["running"], within=10)
    worker.process.send_signal(signal.SIGTERM)
    eventually(lambda: "worker.stopping" in worker.log, within=5)
    time.sleep(SAME_SIGNAL)

    worker.process.send_signal(signal.SIGTERM)
    code = worker.process.wait(2)

    assert code == 1


def test_sigtstp_drains_and_sigcont_goes_on(fleet: Fleet) -> None:
    worker = fleet.start(processes=2)
    fleet.send("work", key="running", seconds=1)
    eventually(lambda: fleet.journal.keys(START) == ["running"], within=10)

    worker.process.send_signal(signal.SIGTSTP)
    eventually(lambda: worker.log.count("worker.draining") == 2, within=5)
    later = [str(number) for number in range(10)]
    for key in later:
        fleet.send("work", key=key)
    fleet.ended(["running"], within=5)
    time.sleep(0.5)
    started_while_drained = fleet.journal.keys(START)
    worker.process.send_signal(signal.SIGCONT)

    fleet.ended(later, within=5)
    assert started_while_drained == ["running"]
    assert Counter(fleet.journal.keys(START)) == Counter(["running", *later])


def test_a_process_that_is_started_again_remembers_the_drain(fleet: Fleet) -> None:
    worker = fleet.start()
    worker.process.send_signal(signal.SIGTSTP)
    eventually(lambda: "worker.draining" in worker.log, within=5)
    os.kill(worker.children[0], signal.SIGKILL)
    eventually(lambda: worker.has_started(2), within=10)
    fleet.send("work", key="later")
    time.sleep(0.5)
    started_while_drained = fleet.journal.keys(START)

    worker.process.send_signal(signal.SIGCONT)

    fleet.ended(["later"], within=5)
    assert started_while_drained == []
