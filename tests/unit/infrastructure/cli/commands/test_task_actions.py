import json

import pytest

from internal.ports.tasks import TaskState
from tests.fakes.clock import NOON
from tests.support.operator_terminal import Operator, a_task


@pytest.fixture
def operator() -> Operator:
    operator = Operator()
    operator.inspector.add(
        a_task("pending"),
        a_task("active", TaskState.ACTIVE),
        a_task("scheduled", TaskState.SCHEDULED, due=NOON),
        a_task("retry", TaskState.RETRY, due=NOON, retries=3),
        a_task("archived", TaskState.ARCHIVED, retries=25),
        a_task("completed", TaskState.COMPLETED),
    )
    return operator


@pytest.mark.parametrize(
    ("action", "allowed", "becomes"),
    [
        ("run", ["scheduled", "retry", "archived"], "pending"),
        ("archive", ["pending", "scheduled", "retry"], "archived"),
        ("delete", ["pending", "scheduled", "retry", "archived", "completed"], "deleted"),
        ("cancel", ["active"], "cancelling"),
    ],
)
def test_acts_on_some_and_says_why_not_on_the_others(
    operator: Operator, action: str, allowed: list[str], becomes: str
) -> None:
    everything = list(operator.states())

    acted = operator.does("task", action, "-q", "default", *everything)

    assert acted.exit_code == 1
    assert acted.stdout.splitlines() == [f"{task_id}: {becomes}" for task_id in allowed]
    others = [task_id for task_id in everything if task_id not in allowed]
    assert acted.stderr.splitlines() == [f"cmd.admin: {task_id}: it is {task_id}" for task_id in others]


def test_an_archived_task_runs_with_all_its_retries(operator: Operator) -> None:
    ran = operator.does("task", "run", "-q", "default", "archived")

    assert (ran.exit_code, ran.stderr) == (0, "")
    assert operator.reads("task", "inspect", "-q", "default", "archived")["task"]["retries"] == 0


def test_a_cancelled_task_is_archived_when_it_has_stopped(operator: Operator) -> None:
    operator.does("task", "cancel", "-q", "default", "active")
    [running] = operator.reads("task", "ls", "-q", "default", "-s", "active")["tasks"]

    operator.inspector.end_cancelled()

    assert running["is_cancelled"] is True
    assert operator.states()["active"] == "archived"


def test_a_script_gets_the_outcome_of_each(operator: Operator) -> None:
    acted = operator.does("task", "delete", "-q", "default", "retry", "active", "nobody", "--json")

    assert acted.exit_code == 1
    assert json.loads(acted.stdout) == {
        "action": "delete",
        "queue": "default",
        "done": ["retry"],
        "refused": {"active": "it is active", "nobody": "there is no such task"},
    }


def test_takes_more_ids_than_one_call_does(operator: Operator) -> None:
    many = [f"task-{number}" for number in range(501)]
    operator.inspector.add(*(a_task(task_id) for task_id in many))

    archived = operator.reads("task", "archive", "-q", "default", *many)

    assert archived["done"] == many


def test_asks_for_ids(operator: Operator) -> None:
    refused = operator.does("task", "run", "-q", "default")

    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 1
