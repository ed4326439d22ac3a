from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from internal.infrastructure.monitoring.health import problems_of
from internal.infrastructure.monitoring.snapshot import Snapshot
from internal.ports.outbox_inspector import OutboxStats
from internal.ports.task_snapshots import QueueInfo, WorkerInfo
from internal.ports.tasks import TaskState

NOW = datetime(2026, 11, 30, tzinfo=UTC)
QUEUE = QueueInfo(
    name="default", is_paused=False, sizes={}, latency=timedelta(0), memory=0, processed=0, failed=0
)
WORKER = WorkerInfo(
    id="host:1",
    host="host",
    pid=1,
    started_at=NOW,
    heard_at=NOW,
    concurrency=10,
    queues={"default": 1},
    is_strict=False,
    is_draining=False,
    running=[],
)
OUTBOX = OutboxStats(
    waiting=0,
    forwarded=0,
    given_up=0,
    oldest_waiting=None,
    oldest_open=None,
    last_error=None,
    last_failed_at=None,
)
HEALTHY = Snapshot(at=NOW, queues=[QUEUE], workers=[WORKER], outbox=OUTBOX)
WAITING = replace(QUEUE, sizes={TaskState.PENDING: 1200})


def sentences(snapshot: Snapshot) -> list[str]:
    return [f"{problem.subject} {problem.text}" for problem in problems_of(snapshot)]


def test_a_system_without_problems_is_healthy() -> None:
    assert problems_of(HEALTHY) == []


@pytest.mark.parametrize(
    ("snapshot", "sentence"),
    [
        (
            replace(HEALTHY, queues=None, workers=None),
            "Redis does not answer. Sign-ups still work; tasks wait in the outbox.",
        ),
        (replace(HEALTHY, outbox=None), "Postgres does not answer. Nobody can log in or sign up."),
        (replace(HEALTHY, workers=[], queues=[WAITING]), "No worker is running; 1,200 tasks wait."),
        (
            replace(HEALTHY, workers=[replace(WORKER, waits_for="Postgres")]),
            "host:1 takes no tasks: it waits for Postgres.",
        ),
        (
            replace(HEALTHY, queues=[replace(WAITING, is_paused=True)]),
            "default is paused; 1,200 tasks wait.",
        ),
        (
            replace(HEALTHY, queues=[replace(WAITING, name="low")]),
            "No worker serves low; 1,200 tasks wait.",
        ),
        (
            replace(HEALTHY, queues=[WAITING], workers=[replace(WORKER, is_draining=True)]),
            "No worker serves default; 1,200 tasks wait.",
        ),
        (
            replace(HEALTHY, queues=[replace(WAITING, latency=timedelta(minutes=4))]),
            "default has a task that has waited for 4m.",
        ),
        (
            replace(HEALTHY, queues=[replace(QUEUE, processed=88, failed=12)]),
            "default has failures: 12.0 % of today's attempts.",
        ),
        (
            replace(HEALTHY, outbox=replace(OUTBOX, waiting=37, oldest_waiting=timedelta(minutes=2))),
            "37 outbox rows wait to be enqueued, the oldest for 2m.",
        ),
    ],
)
def test_a_problem_is_a_sentence_with_a_link(snapshot: Snapshot, sentence: str) -> None:
    assert sentences(snapshot) == [sentence]
    assert all(problem.link.startswith("/dashboard/") for problem in problems_of(snapshot))


@pytest.mark.parametrize(
    "snapshot",
    [
        replace(HEALTHY, queues=[replace(WAITING, latency=timedelta(seconds=59))]),
        replace(HEALTHY, queues=[replace(QUEUE, processed=1, failed=9)]),
        replace(HEALTHY, queues=[replace(QUEUE, processed=91, failed=9)]),
        replace(HEALTHY, outbox=replace(OUTBOX, waiting=37, oldest_waiting=timedelta(seconds=29))),
        replace(HEALTHY, queues=[replace(QUEUE, name="low")]),
    ],
)
def test_usual_variations_are_not_problems(snapshot: Snapshot) -> None:
    assert problems_of(snapshot) == []


def test_the_worst_problems_come_first() -> None:
    snapshot = replace(HEALTHY, queues=[replace(WAITING, is_paused=True)], outbox=None)

    assert [problem.subject for problem in problems_of(snapshot)] == ["Postgres", "default"]


def test_a_link_leads_to_a_queue_of_any_name() -> None:
    (problem,) = problems_of(replace(HEALTHY, queues=[replace(WAITING, name="a/b?c", is_paused=True)]))

    assert problem.link == "/dashboard/queues/a%2Fb%3Fc"
