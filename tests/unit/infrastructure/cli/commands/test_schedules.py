from datetime import timedelta

import pytest

from internal.ports.task_snapshots import ScheduledRun, ScheduleInfo
from tests.fakes.clock import NOON
from tests.support.operator_terminal import Operator, at

RUNS = [
    ScheduledRun(task_id="first", slot=at(3), published_at=at(3) + timedelta(seconds=1)),
    ScheduledRun(task_id="second", slot=at(4), published_at=at(4)),
]


@pytest.fixture
def operator() -> Operator:
    operator = Operator()
    nightly = ScheduleInfo(
        name="nightly",
        spec="0 3 * * *",
        time_zone="Europe/Berlin",
        task_name="report:build",
        queue="low",
        last=NOON - timedelta(hours=9),
        next=NOON + timedelta(hours=15),
    )
    never = ScheduleInfo(
        name="never", spec="@every 90s", time_zone="UTC", task_name="x", queue="low", last=None, next=None
    )
    operator.inspector.add_schedule(nightly, RUNS)
    operator.inspector.add_schedule(never)
    return operator


def test_lists_the_periodic_tasks(operator: Operator) -> None:
    _, nightly, never = operator.does("cron", "ls").stdout.splitlines()

    assert nightly.split() == [
        *("nightly", "0", "3", "*", "*", "*", "Europe/Berlin", "report:build", "low"),
        *("in", "15h", "9h", "ago"),
    ]
    assert never.split()[-2:] == ["-", "-"]


def test_lists_the_periodic_tasks_for_a_script(operator: Operator) -> None:
    nightly, never = operator.reads("cron", "ls")["schedules"]

    assert nightly == {
        "name": "nightly",
        "spec": "0 3 * * *",
        "time_zone": "Europe/Berlin",
        "task_name": "report:build",
        "queue": "low",
        "last": "2030-01-01T03:00:00+00:00",
        "next": "2030-01-02T03:00:00+00:00",
    }
    assert never["next"] is None


def test_says_that_the_list_is_empty() -> None:
    assert Operator().does("cron", "ls").stdout == "There are no periodic tasks.\n"


def test_shows_when_one_was_published(operator: Operator) -> None:
    _, newest, oldest = operator.does("cron", "history", "nightly").stdout.splitlines()

    assert newest.split() == ["2030-01-01T04:00:00+00:00", "2030-01-01T04:00:00+00:00", "second"]
    assert oldest.split() == ["2030-01-01T03:00:00+00:00", "2030-01-01T03:00:01+00:00", "first"]
    assert operator.does("cron", "history", "never").stdout == "never has not been published yet.\n"


def test_shows_a_script_when_one_was_published(operator: Operator) -> None:
    read = operator.reads("cron", "history", "nightly", "--size", "1")

    moment = "2030-01-01T04:00:00+00:00"
    assert read == {
        "name": "nightly",
        "runs": [{"task_id": "second", "slot": moment, "published_at": moment}],
    }


def test_names_the_one_that_was_meant(operator: Operator) -> None:
    missing = operator.does("cron", "history", "nighty")

    assert missing.exit_code == 1
    assert missing.stderr == "cmd.admin: unknown periodic task 'nighty'; did you mean 'nightly'?\n"
