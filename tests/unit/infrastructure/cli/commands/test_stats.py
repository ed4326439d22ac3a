import json
from dataclasses import replace
from datetime import timedelta

import pytest

from internal.infrastructure.cli.command_needs import RedisRefusals
from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo
from internal.ports.task_statistics import Figures
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import NOON
from tests.support.operator_terminal import REDIS, Operator, a_task
from tests.unit.infrastructure.cli.commands.test_workers import WORKER


@pytest.fixture
def operator() -> Operator:
    operator = Operator()
    operator.inspector.add(
        a_task("one"),
        a_task("two", TaskState.RETRY, due=NOON),
        a_task("three", queue="low"),
    )
    operator.inspector.count("default", NOON.date(), processed=90, failed=5)
    operator.inspector.count("low", NOON.date(), processed=5, failed=0)
    operator.inspector.count("low", NOON.date() - timedelta(days=1), processed=1000, failed=1000)
    operator.inspector.add_worker(WORKER)
    return operator


def test_shows_the_whole_at_a_glance(operator: Operator) -> None:
    shown = operator.does("stats", columns=80).stdout

    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines[:6] == ["pending 2", "active 0", "scheduled 0", "retry 1", "archived 0", "completed 0"]
    assert lines[7:11] == ["done today 95", "failed today 5", "error rate 5.0 %", "workers 1"]
    assert lines[11] == "due in 15m 0 scheduled, 1 retry"
    assert [line.split()[0] for line in lines[13:16]] == ["QUEUE", "default", "low"]
    assert lines[17:19] == ["Tasks in the last 1h:", "No task has ended."]
    assert lines[20:] == [
        "valkey 9.1.0",
        "memory 3.0 MiB, no limit, noeviction",
        "up for 3d4h",
        "clients 7",
        "new tasks accepted",
    ]


def test_shows_the_whole_to_a_script(operator: Operator) -> None:
    read = operator.reads("stats")

    assert [queue["name"] for queue in read.pop("queues")] == ["default", "low"]
    assert read.pop("statistics")["span"] == "1h"
    assert read.pop("due")[:2] == [
        {"begins": "2030-01-01T12:00:00+00:00", "scheduled": 0, "retry": 1},
        {"begins": "2030-01-01T12:01:00+00:00", "scheduled": 0, "retry": 0},
    ]
    assert read == {
        "at": "2030-01-01T12:00:00+00:00",
        "states": {"pending": 2, "active": 0, "scheduled": 0, "retry": 1, "archived": 0, "completed": 0},
        "processed_today": 95,
        "failed_today": 5,
        "error_rate_today": 0.05,
        "workers": 1,
        "redis": {
            "software": "valkey",
            "version": "9.1.0",
            "used_memory_bytes": 3 * 1024 * 1024,
            "max_memory_bytes": None,
            "eviction": "noeviction",
            "uptime_seconds": 273_600.0,
            "clients": 7,
            "why_no_writes": None,
        },
    }


def test_says_why_redis_takes_nothing(operator: Operator) -> None:
    operator.installation.refusals = RedisRefusals(of_tasks="Redis is too small", of_workers="Redis is shy")

    lines = [" ".join(line.split()) for line in operator.does("stats").stdout.splitlines()]
    read = operator.reads("stats")

    assert "workers unknown: they cannot register" in lines
    assert lines[-1] == "new tasks refused: Redis is too small"
    assert read["workers"] is None
    assert read["redis"]["why_no_writes"] == "Redis is too small"


def test_says_how_much_memory_redis_may_use(operator: Operator) -> None:
    operator.installation.redis = replace(REDIS, max_memory=100 * 1024 * 1024)

    assert "3.0 MiB, at most 100.0 MiB, noeviction" in operator.does("stats").stdout


def test_an_installation_that_has_done_nothing() -> None:
    assert Operator().reads("stats")["error_rate_today"] is None


def test_shows_the_figures_of_each_task_name(operator: Operator) -> None:
    wait, run = timedelta(milliseconds=5), timedelta(seconds=90)
    operator.inspector.count_attempt("low", "mail", Figures(succeeded=3), waited=wait, ran=run)
    operator.inspector.count_attempt("low", "mail", Figures(retried=1), waited=wait, ran=run)

    lines = operator.does("stats", "--span", "24h").stdout.splitlines()
    read = operator.reads("stats", "--span", "24h")["statistics"]

    start = lines.index("Tasks in the last 24h:")
    assert lines[start + 2].split() == [
        *("mail", "low", "3", "1", "25.0", "%"),
        *("5ms", "5ms", "1m30s", "1m30s", "1m30s"),
    ]
    figures = {
        "succeeded": 3,
        "failed": 1,
        "retried": 1,
        "archived": 0,
        "error_rate": 0.25,
        "waited": {"p50_seconds": 0.005, "p95_seconds": 0.005, "longest_seconds": 0.005},
        "ran": {"p50_seconds": 90.0, "p95_seconds": 90.0, "longest_seconds": 90.0},
    }
    assert read["tasks"] == [{"queue": "low", "name": "mail", **figures}]
    assert read["total"] == figures
    assert (read["period_seconds"], len(read["periods"])) == (600.0, 144)
    assert read["periods"][-1] == {"begins": "2030-01-01T12:00:00+00:00", **figures}


def test_watches(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncio.sleep", no_sleep)

    shown = operator.does("stats", "--watch", "--times", "2")
    told = operator.does("stats", "--watch", "--times", "3", "--json")

    assert shown.exit_code == 0
    assert shown.stdout.count("done today") == 2
    assert [json.loads(line)["workers"] for line in told.stdout.splitlines()] == [1, 1, 1]


def test_watches_through_an_outage(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[RedisInfo | Unavailable] = [Unavailable("Redis is gone"), REDIS]

    async def redis_info() -> RedisInfo:
        answer = answers.pop(0)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    monkeypatch.setattr("asyncio.sleep", no_sleep)
    monkeypatch.setattr(operator.installation, "_redis_info", redis_info)

    shown = operator.does("stats", "--watch", "--times", "2")

    assert (shown.exit_code, shown.stderr) == (0, "cmd.admin: Redis is gone\n")
    assert shown.stdout.count("done today") == 1


async def no_sleep(seconds: float) -> None:
    assert seconds == 2
