from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from internal.infrastructure.monitoring.health import problems_of
from internal.infrastructure.monitoring.snapshot import Snapshot
from internal.ports.outbox_inspector import OutboxStats
from internal.ports.task_snapshots import QueueInfo, WorkerInfo
from internal.ports.task_statistics import Figures, Span, TaskFigures, TaskStatistics
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


QUIET_HOUR = TaskStatistics(
    span=Span.HOUR, length=timedelta(minutes=1), periods=[], tasks=[], total=Figures()
)


def sentences(snapshot: Snapshot, hour: TaskStatistics | None = QUIET_HOUR) -> list[str]:
    return [f"{problem.subject} {problem.text}" for problem in problems_of(snapshot, hour)]


def hour_of(**figures: Figures) -> TaskStatistics:
    tasks = [TaskFigures(queue="default", name=name, figures=each) for name, each in figures.items()]
    return replace(QUIET_HOUR, tasks=tasks)


def test_a_system_without_problems_is_healthy() -> None:
    assert problems_of(HEALTHY, QUIET_HOUR) == []
    assert problems_of(HEALTHY, None) == []


def test_a_task_that_fails_is_a_problem() -> None:
    hour = hour_of(mail=Figures(succeeded=1091, retried=131, archived=18))

    assert sentences(HEALTHY, hour) == ["mail fails in default: 12.0 % of 1,240 attempts in the last hour."]


@pytest.mark.parametrize("figures", [Figures(retried=4), Figures(succeeded=91, archived=9), Figures()])
def test_a_few_failures_are_not_a_problem(figures: Figures) -> None:
    assert sentences(HEALTHY, hour_of(mail=figures)) == []


def test_the_task_with_the_most_failures_comes_first_and_some_are_only_counted() -> None:
    hour = hour_of(**{f"task-{number}": Figures(archived=10 + number) for number in range(7)})

    found = sentences(HEALTHY, hour)

    assert [sentence.split()[0] for sentence in found[:5]] == [f"task-{n}" for n in (6, 5, 4, 3, 2)]
    assert found[5:] == ["2 more task names fail."]


def test_one_more_name_is_counted_as_one() -> None:
    hour = hour_of(**{f"task-{number}": Figures(archived=10 + number) for number in range(6)})

    assert sentences(HEALTHY, hour)[5:] == ["1 more task name fails."]


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
            replace(HEALTHY, workers=[], queues=[replace(WAITING, sizes={TaskState.PENDING: 1})]),
            "No worker is running; 1 task waits.",
        ),
        (
            replace(HEALTHY, outbox=replace(OUTBOX, waiting=1, oldest_waiting=timedelta(minutes=2))),
            "1 outbox row waits to be enqueued, the oldest for 2m.",
        ),
        (
            replace(HEALTHY, outbox=replace(OUTBOX, waiting=37, oldest_waiting=timedelta(minutes=2))),
            "37 outbox rows wait to be enqueued, the oldest for 2m.",
        ),
    ],
)
def test_a_problem_is_a_sentence_with_a_link(snapshot: Snapshot, sentence: str) -> None:
    assert sentences(snapshot) == [sentence]
    assert all(problem.link.startswith("/dashboard/") for problem in problems_of(snapshot, None))


@pytest.mark.parametrize(
    "snapshot",
    [
        replace(HEALTHY, queues=[replace(WAITING, latency=timedelta(seconds=59))]),
        replace(HEALTHY, outbox=replace(OUTBOX, waiting=37, oldest_waiting=timedelta(seconds=29))),
        replace(HEALTHY, queues=[replace(QUEUE, name="low")]),
    ],
)
def test_usual_variations_are_not_problems(snapshot: Snapshot) -> None:
    assert problems_of(snapshot, None) == []


def test_the_worst_problems_come_first() -> None:
    snapshot = replace(HEALTHY, queues=[replace(WAITING, is_paused=True)], outbox=None)

    assert [problem.subject for problem in problems_of(snapshot, None)] == ["Postgres", "default"]


def test_a_link_leads_to_a_queue_of_any_name() -> None:
    (problem,) = problems_of(replace(HEALTHY, queues=[replace(WAITING, name="a/b?c", is_paused=True)]), None)

    assert problem.link == "/dashboard/queues/a%2Fb%3Fc"
