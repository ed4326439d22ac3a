import json
import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from internal.infrastructure.cli.command_needs import RedisRefusals
from internal.ports.task_snapshots import RunningTask, WorkerInfo
from tests.fakes.clock import NOON
from tests.support.operator_terminal import Operator

WORKER = WorkerInfo(
    id="w-1",
    host="worker-1",
    pid=12,
    started_at=NOON - timedelta(days=2),
    heard_at=NOON - timedelta(seconds=3),
    concurrency=10,
    queues={"critical": 6, "default": 3},
    is_strict=False,
    is_draining=False,
    running=[
        RunningTask(
            id="task-1",
            queue="default",
            name="email:welcome",
            started_at=NOON - timedelta(seconds=90),
            deadline=NOON + timedelta(minutes=5),
        )
    ],
)
DRAINING = WorkerInfo(
    id="w-2",
    host="worker-2",
    pid=34,
    started_at=NOON,
    heard_at=NOON,
    concurrency=4,
    queues={"low": 1},
    is_strict=True,
    is_draining=True,
    running=[],
)


def test_lists_the_workers_and_what_they_run(operator: Operator) -> None:
    operator.inspector.add_worker(WORKER)
    operator.inspector.add_worker(DRAINING)

    _, first, second, _, _, task = operator.does("worker", "ls").stdout.splitlines()

    assert first.split() == ["worker-1", "12", "up", "1/10", "critical:6,default:3", "2d", "ago", "3s", "ago"]
    assert second.split()[2:6] == ["draining", "0/4", "low:1", "(strict)"]
    assert task.split() == ["task-1", "email:welcome", "default", "1m30s", "ago", "worker-1:12", "in", "5m"]


def test_lists_the_workers_for_a_script(operator: Operator) -> None:
    operator.inspector.add_worker(WORKER)

    [worker] = operator.reads("worker", "ls")["workers"]

    assert worker == {
        "id": "w-1",
        "host": "worker-1",
        "pid": 12,
        "started_at": "2029-12-30T12:00:00+00:00",
        "heard_at": "2030-01-01T11:59:57+00:00",
        "concurrency": 10,
        "queues": {"critical": 6, "default": 3},
        "is_strict": False,
        "is_draining": False,
        "is_quiet": False,
        "waits_for": None,
        "running": [
            {
                "id": "task-1",
                "queue": "default",
                "name": "email:welcome",
                "started_at": "2030-01-01T11:58:30+00:00",
                "deadline": "2030-01-01T12:05:00+00:00",
            }
        ],
    }


def test_says_that_no_worker_is_up(operator: Operator) -> None:
    assert operator.does("worker", "ls").stdout == "No worker is up.\n"


def test_does_not_say_that_nobody_is_up_where_nobody_can_say_so(operator: Operator) -> None:
    operator.installation.refusals = RedisRefusals(of_workers="Redis is shy")

    listed = operator.does("worker", "ls")
    read = operator.does("worker", "ls", "--json")

    assert (listed.exit_code, listed.stdout) == (0, "It is unknown which workers are up.\n")
    assert listed.stderr == (
        "cmd.admin: the list may be incomplete: workers cannot register (Redis is shy)\n"
    )
    assert json.loads(read.stdout) == {"workers": [], "why_incomplete": "Redis is shy"}


def test_ping_tells_which_processes_are_up(operator: Operator) -> None:
    operator.inspector.add_worker(replace(WORKER, host="here"))
    operator.inspector.add_worker(replace(DRAINING, host="here"))

    up = operator.does("worker", "ping", "--host", "here")
    read = operator.reads("worker", "ping", "--host", "here")

    assert (up.exit_code, up.stdout) == (0, "up on here: 12, 34\n")
    assert read == {"host": "here", "process_ids": [12, 34], "waits_for": {}}


def test_tells_which_workers_wait_for_postgres(operator: Operator) -> None:
    operator.inspector.add_worker(replace(WORKER, waits_for="Postgres"))

    _, listed, *_ = operator.does("worker", "ls", columns=120).stdout.splitlines()
    up = operator.does("worker", "ping", "--host", "worker-1")

    assert listed.split()[2:5] == ["waits", "for", "Postgres"]
    assert operator.reads("worker", "ls")["workers"][0]["waits_for"] == "Postgres"
    assert (up.exit_code, up.stdout) == (0, "up on worker-1: 12 (waits for Postgres)\n")
    assert operator.reads("worker", "ping", "--host", "worker-1")["waits_for"] == {"12": "Postgres"}


@pytest.mark.parametrize("host", [["--host", "there"], []], ids=["a host", "this host"])
def test_ping_fails_where_none_is_up(operator: Operator, host: list[str]) -> None:
    down = operator.does("worker", "ping", *host)

    assert (down.exit_code, down.stdout) == (1, "")
    assert down.stderr == f"cmd.admin: no worker is up on {host[1] if host else socket.gethostname()}\n"


def test_a_worker_is_alive_while_all_its_processes_are_heard(operator: Operator) -> None:
    alive = operator.does("worker", "alive")

    assert (alive.exit_code, alive.stdout, alive.stderr) == (0, "alive: 12, 34\n", "")


def test_names_the_process_that_has_fallen_silent(operator: Operator) -> None:
    operator.installation.heard = {12: 0.5, 34: 11.4}

    silent = operator.does("worker", "alive")

    assert (silent.exit_code, silent.stdout) == (1, "")
    assert silent.stderr == "cmd.admin: process 34: last heartbeat 11 s ago\n"


def test_no_worker_is_not_alive(operator: Operator) -> None:
    operator.installation.heard = {}

    absent = operator.does("worker", "alive")

    assert (absent.exit_code, absent.stderr) == (1, "cmd.admin: no worker runs on this machine\n")


def test_a_server_is_asked_whether_it_lives_or_is_ready(operator: Operator) -> None:
    reasons = {"database": "Postgres cannot be reached: connection refused"}
    operator.installation.answers = {
        "/livez": (True, {"status": "ok"}),
        "/readyz": (False, {"status": "down", "checks": {"database": "failed"}, "reasons": reasons}),
    }

    live = operator.does("server", "ping")
    ready = operator.does("server", "ping", "--ready")

    assert (live.exit_code, live.stdout) == (0, "the server is ok\n")
    assert (ready.exit_code, ready.stdout) == (1, "")
    assert ready.stderr.startswith("cmd.admin: the server is down: ")
    assert reasons["database"] in ready.stderr


def test_a_server_that_is_degraded_says_why(operator: Operator) -> None:
    reason = "Redis is full (OOM)"
    operator.installation.answers = {"/readyz": (True, {"status": "degraded", "reasons": {"redis": reason}})}

    ready = operator.does("server", "ping", "--ready")

    assert (ready.exit_code, ready.stderr) == (0, "")
    assert ready.stdout == f'the server is degraded: {{"redis": "{reason}"}}\n'


def test_makes_workers_quiet_and_resumes_them(operator: Operator) -> None:
    operator.inspector.add_worker(WORKER)
    operator.inspector.add_worker(DRAINING)

    quiet = operator.does("worker", "quiet", "worker-1:12", "w-2")
    statuses = [line.split()[2] for line in operator.does("worker", "ls").stdout.splitlines()[1:3]]
    again = operator.does("worker", "quiet", "worker-1:12")
    resumed = operator.reads("worker", "resume", "worker-1:12", "worker-2:34")

    assert (quiet.exit_code, quiet.stdout) == (0, "worker-1:12: quiet\nw-2: quiet\n")
    assert statuses == ["quiet", "draining"]
    assert (again.exit_code, again.stdout) == (0, "worker-1:12: it was quiet\n")
    assert resumed == {
        "action": "resume",
        "changed": {"worker-1:12": True, "worker-2:34": True},
        "refused": {},
    }


def test_says_which_workers_it_could_not_make_quiet(operator: Operator) -> None:
    operator.inspector.add_worker(WORKER)
    operator.inspector.add_worker(DRAINING)
    operator.inspector.too_old.add("w-2")

    said = operator.does("worker", "quiet", "worker-1:13", "worker-1:12", "w-2")

    assert (said.exit_code, said.stdout) == (1, "worker-1:12: quiet\n")
    assert said.stderr.splitlines() == [
        "cmd.admin: worker-1:13: unknown worker 'worker-1:13'; did you mean 'worker-1:12' or 'worker-2:34'?",
        "cmd.admin: w-2: worker w-2 runs a version that cannot be made quiet",
    ]
