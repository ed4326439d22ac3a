from datetime import timedelta

import pytest

from internal.ports.tasks import TaskState
from tests.fakes.clock import NOON
from tests.support.operator_terminal import Operator, a_task


@pytest.fixture
def busy(operator: Operator) -> Operator:
    """Three queues; `default` has five tasks, whose oldest pending one has waited for 90 s."""
    for name in ("critical", "default", "low"):
        operator.inspector.add_queue(name)
    operator.inspector.add(a_task("waiting"))
    operator.installation.clock.advance(timedelta(seconds=90))
    operator.inspector.add(
        a_task("again", TaskState.RETRY, due=NOON),
        a_task("again too", TaskState.RETRY, due=NOON),
        a_task("given up", TaskState.ARCHIVED),
        a_task("running", TaskState.ACTIVE),
    )
    operator.inspector.count("default", NOON.date(), processed=1500, failed=500)
    return operator


def test_lists_the_queues(busy: Operator) -> None:
    listed = busy.does("queue", "ls")

    head, critical, default, low = [line.split() for line in listed.stdout.splitlines()]
    assert head[:3] == ["QUEUE", "STATUS", "SIZE"]
    assert [row[0] for row in (critical, default, low)] == ["critical", "default", "low"]
    # size; pending, active, scheduled, retry, archived, completed; latency, errors, memory, done, failed
    assert default[1:9] == ["running", "5", "1", "1", "0", "2", "1", "0"]
    assert default[9:] == ["1m30s", "25.0", "%", *default[12:14], "1,500", "500"]


def test_lists_the_queues_for_a_script(busy: Operator) -> None:
    queues = {queue["name"]: queue for queue in busy.reads("queue", "ls")["queues"]}

    default = queues["default"]
    assert default.pop("memory_bytes") > 0
    assert default == {
        "name": "default",
        "is_paused": False,
        "size": 5,
        "states": {"pending": 1, "active": 1, "scheduled": 0, "retry": 2, "archived": 1, "completed": 0},
        "latency_seconds": 90.0,
        "processed_today": 1500,
        "failed_today": 500,
        "error_rate_today": 0.25,
    }
    assert queues["low"]["error_rate_today"] is None


def test_says_that_there_are_no_queues(operator: Operator) -> None:
    assert operator.does("queue", "ls").stdout == "There are no queues: nothing was published yet.\n"
    assert operator.reads("queue", "ls") == {"queues": []}


def test_eighty_columns_show_what_matters_most(busy: Operator) -> None:
    narrow = busy.does("queue", "ls", columns=80).stdout.splitlines()

    assert max(len(line) for line in narrow) <= 80
    assert "LATENCY" in narrow[0]
    assert "MEMORY" not in narrow[0]


def test_inspects_some_and_says_which_are_not_there(busy: Operator) -> None:
    inspected = busy.does("queue", "inspect", "default", "lw", "low")

    assert inspected.exit_code == 1
    assert [line.split()[1] for line in inspected.stdout.splitlines() if line.startswith("queue")] == [
        "default",
        "low",
    ]
    assert "1m30s" in inspected.stdout
    assert inspected.stderr == "cmd.admin: unknown queue 'lw'; did you mean 'low'?\n"


def test_a_script_learns_of_errors_beside_the_results(busy: Operator) -> None:
    inspected = busy.does("queue", "inspect", "low", "nothing", "--json")

    assert inspected.exit_code == 1
    assert '"errors": {\n    "nothing": "unknown queue' in inspected.stdout
    assert '"name": "low"' in inspected.stdout


def test_names_all_queues_when_none_is_like_it(busy: Operator) -> None:
    told = busy.does("queue", "inspect", "xyz").stderr

    assert told == "cmd.admin: unknown queue 'xyz'; there are: critical, default, low\n"


def test_shows_the_last_days(busy: Operator) -> None:
    yesterday = NOON.date() - timedelta(days=1)
    busy.inspector.count("default", yesterday, processed=3, failed=0)

    shown = busy.does("queue", "history", "default", "--days", "2").stdout.splitlines()

    assert [line.split() for line in shown[1:]] == [
        ["default", "2030-01-01", "1,500", "500", "25.0", "%"],
        ["default", "2029-12-31", "3", "0", "0.0", "%"],
    ]


def test_shows_ten_days_to_a_script(busy: Operator) -> None:
    read = busy.reads("queue", "history", "default", "low")

    assert read["errors"] == {}
    assert [queue["name"] for queue in read["queues"]] == ["default", "low"]
    days = read["queues"][0]["days"]
    assert len(days) == 10
    assert days[0] == {"day": "2030-01-01", "processed": 1500, "failed": 500, "error_rate": 0.25}


@pytest.mark.parametrize("days", ["0", "91", "many"])
def test_refuses_days_that_are_not_kept(busy: Operator, days: str) -> None:
    refused = busy.does("queue", "history", "default", "-x", days)

    assert refused.exit_code == 2
    assert refused.stderr.startswith("cmd.admin: Invalid value for '--days'")


def test_pauses_and_resumes(busy: Operator) -> None:
    assert busy.does("queue", "pause", "low", "default").stdout == "low: paused\ndefault: paused\n"
    assert busy.does("queue", "pause", "low").stdout == "low: already paused\n"
    assert "paused" in busy.does("queue", "ls").stdout
    assert busy.reads("queue", "resume", "low", "critical") == {
        "queues": [
            {"name": "low", "is_paused": False, "changed": True},
            {"name": "critical", "is_paused": False, "changed": False},
        ],
        "errors": {},
    }
    assert busy.does("queue", "unpause", "default").stdout == "default: running\n"


def test_pauses_what_is_there_and_fails_for_the_rest(busy: Operator) -> None:
    paused = busy.does("queue", "pause", "low", "nothing")

    assert paused.exit_code == 1
    assert paused.stdout == "low: paused\n"
    assert "unknown queue 'nothing'" in paused.stderr


def test_removes_an_empty_queue(busy: Operator) -> None:
    removed = busy.does("queue", "rm", "low", "--yes")

    assert (removed.exit_code, removed.stdout) == (0, "low: removed\n")
    assert [queue["name"] for queue in busy.reads("queue", "ls")["queues"]] == ["critical", "default"]


def test_keeps_a_queue_with_tasks_unless_forced(busy: Operator) -> None:
    busy.inspector.add(a_task("other", queue="low"))

    refused = busy.does("queue", "rm", "low", "--yes")
    forced = busy.reads("queue", "rm", "low", "--yes", "--force")

    assert refused.exit_code == 1
    assert refused.stderr == "cmd.admin: the queue low has 1 task\n"
    assert forced == {"removed": ["low"], "errors": {}}


def test_keeps_a_queue_whose_tasks_are_running(busy: Operator) -> None:
    removed = busy.does("queue", "remove", "default", "critical", "--force", "--yes")

    assert removed.exit_code == 1
    assert removed.stdout == "critical: removed\n"
    assert "running" in removed.stderr
