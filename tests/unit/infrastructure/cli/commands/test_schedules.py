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
        "is_paused": False,
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


def test_pauses_and_resumes_a_periodic_task(operator: Operator) -> None:
    said = [operator.does("cron", "pause", "nightly").stdout for _ in range(2)]
    listed = operator.does("cron", "ls").stdout.splitlines()[1].split()
    said += [operator.does("cron", "resume", "nightly").stdout for _ in range(2)]

    assert said == [
        "nightly: paused\n",
        "nightly: it was paused\n",
        "nightly: resumed\n",
        "nightly: it was not paused\n",
    ]
    assert listed[-3:] == ["paused", "9h", "ago"]


def test_pauses_a_periodic_task_for_a_script(operator: Operator) -> None:
    assert operator.reads("cron", "pause", "nightly") == {
        "name": "nightly",
        "is_paused": True,
        "is_changed": True,
    }
    assert operator.reads("cron", "ls")["schedules"][0]["is_paused"] is True


def test_runs_a_periodic_task_now(operator: Operator) -> None:
    said = operator.does("cron", "run", "nightly")
    read = operator.reads("cron", "run", "nightly")

    assert (said.exit_code, said.stdout) == (0, "nightly: published as nightly:2\n")
    assert read == {"name": "nightly", "task_id": "nightly:3"}
    assert operator.reads("cron", "history", "nightly")["runs"][0]["task_id"] == "nightly:3"


def test_says_that_an_equal_task_is_in_the_way(operator: Operator) -> None:
    operator.inspector.in_the_way["nightly"] = "other"

    refused = operator.does("cron", "run", "nightly")

    assert (refused.exit_code, refused.stderr) == (1, "cmd.admin: an equal task exists: other\n")


@pytest.mark.parametrize("command", ["run", "pause", "resume", "history"])
def test_suggests_the_name_of_a_periodic_task(operator: Operator, command: str) -> None:
    refused = operator.does("cron", command, "nightli")

    assert refused.exit_code == 1
    assert refused.stderr == "cmd.admin: unknown periodic task 'nightli'; did you mean 'nightly'?\n"
