import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from internal.infrastructure.cli.commands import bulk
from internal.ports.task_inspector import ActionResult
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import NOON
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.operator_terminal import Operator, a_task


@pytest.fixture
def operator() -> Operator:
    operator = Operator()
    operator.inspector.add(
        *(a_task(f"mail-{number}", TaskState.RETRY, due=NOON) for number in range(5)),
        a_task("report", TaskState.RETRY, due=NOON, name="report:build", last_error="a Timeout", payload={}),
        a_task("running", TaskState.ACTIVE),
    )
    return operator


@pytest.mark.parametrize(
    ("action", "state", "said"),
    [
        ("run", "pending", "6 pending"),
        ("archive", "archived", "6 archived"),
        ("delete", None, "6 deleted"),
    ],
)
def test_acts_on_all_of_a_state(operator: Operator, action: str, state: str | None, said: str) -> None:
    acted = operator.does("task", f"{action}-all", "-q", "default", "-s", "retry", "--yes")

    assert (acted.exit_code, acted.stdout, acted.stderr) == (0, f"{said}\n", "")
    became = {task_id: now for task_id, now in operator.states().items() if task_id != "running"}
    assert set(became.values()) == ({state} if state else set())


def test_cancels_all_that_run(operator: Operator) -> None:
    cancelled = operator.reads("task", "cancel-all", "-q", "default", "-s", "active", "--yes")

    operator.inspector.end_cancelled()
    assert cancelled["done"] == 1
    assert operator.states()["running"] == "archived"


@pytest.mark.parametrize(
    ("only", "number"),
    [
        (["--name", "report:build"], 1),
        (["--payload", "ada@"], 5),
        (["--error", "TIMEOUT"], 1),
        (["--until", "1m"], 6),
    ],
    ids=str,
)
def test_acts_on_those_that_match(operator: Operator, only: list[str], number: int) -> None:
    acted = operator.reads("task", "delete-all", "-q", "default", "-s", "retry", "-y", *only)

    assert acted == {
        "action": "delete",
        "queue": "default",
        "state": "retry",
        "done": number,
        "refused": 0,
        "reasons": {},
    }
    assert len(operator.states()) == 7 - number


def test_says_why_an_action_does_not_fit_a_state(operator: Operator) -> None:
    refused = operator.does("task", "run-all", "-q", "default", "-s", "active", "--yes")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "run works on scheduled or retry or archived tasks, not on active tasks." in refused.stderr


def test_reports_progress_now_and_then(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "REPORT_EVERY", 4)

    acted = operator.does("task", "run-all", "-q", "default", "-s", "retry", "--yes")

    assert acted.stderr == "cmd.admin: 4 of at most 6\n"


class Interrupted(FakeTaskInspector):
    """Other operators are at it, too; and after that Redis goes away."""

    async def act_on_all(self, *_: Any, **__: Any) -> AsyncIterator[ActionResult]:
        yield ActionResult(done=["a", "b"], refused={"c": "it is pending", "d": "it is pending"})
        if self.goes_away:
            raise Unavailable("Redis cannot be reached")

    goes_away = False


@pytest.fixture
def inspector(operator: Operator) -> Interrupted:
    inspector = Interrupted(operator.installation.clock)
    inspector.add_queue("default")
    operator.installation.inspector = inspector
    return inspector


@pytest.mark.usefixtures("inspector")
def test_counts_those_that_were_refused(operator: Operator) -> None:
    acted = operator.does("task", "run-all", "-q", "default", "-s", "retry", "--yes", "--json")

    assert acted.exit_code == 1
    assert json.loads(acted.stdout)["reasons"] == {"it is pending": 2}
    assert acted.stderr == "cmd.admin: 2 refused: it is pending\n"


def test_says_how_far_it_came(operator: Operator, inspector: Interrupted) -> None:
    inspector.goes_away = True

    acted = operator.does("task", "run-all", "-q", "default", "-s", "retry", "--yes")

    assert (acted.exit_code, acted.stdout) == (1, "")
    assert acted.stderr == "cmd.admin: stopped early: 2 pending\ncmd.admin: Redis cannot be reached\n"
