import json
from datetime import timedelta
from typing import Any

import pytest

from internal.ports.outbox_inspector import OutboxRow, OutboxState
from internal.ports.task_inspector import TaskNotFound
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import NOON
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.operator_terminal import PAYLOAD, Operator, a_task

MINUTE = timedelta(minutes=1)


def a_row(task_id: str, state: OutboxState = OutboxState.WAITING, **changes: Any) -> OutboxRow:
    facts: dict[str, Any] = {
        "id": task_id,
        "name": "email:welcome",
        "queue": "default",
        "state": state,
        "payload": PAYLOAD,
        "stored_at": NOON - 5 * MINUTE,
        "next_try_at": NOON + MINUTE,
    }
    return OutboxRow(**facts | changes)


@pytest.fixture
def operator() -> Operator:
    operator = Operator()
    operator.outbox.add(
        a_row("waiting-1", last_error="Redis is full", last_failed_at=NOON - MINUTE),
        a_row("waiting-2", stored_at=NOON - 2 * MINUTE),
        a_row("sent", OutboxState.FORWARDED, stored_at=NOON - 90 * MINUTE, forwarded_at=NOON - 80 * MINUTE),
        a_row("bad", OutboxState.GIVEN_UP, ended_at=NOON - MINUTE),
        a_row("good", OutboxState.DONE, ended_at=NOON - MINUTE, completed_at=NOON - MINUTE),
    )
    return operator


def test_tells_what_is_on_its_way_and_what_is_in_the_way(operator: Operator) -> None:
    shown = operator.does("outbox", "stats").stdout.splitlines()

    assert [line.split(maxsplit=2)[:2] for line in shown[:2]] == [["waiting", "2"], ["forwarded", "1"]]
    assert shown[2:] == [
        "given up        1",
        "oldest waiting  5m",
        "oldest open     1h30m",
        "last error      Redis is full",
        "last failed     2030-01-01T11:59:00+00:00 (1m ago)",
    ]


def test_a_script_reads_the_same(operator: Operator) -> None:
    assert operator.reads("outbox", "stats") == {
        "at": NOON.isoformat(),
        "waiting": 2,
        "forwarded": 1,
        "given_up": 1,
        "oldest_waiting_seconds": 300.0,
        "oldest_open_seconds": 5400.0,
        "last_error": "Redis is full",
        "last_failed_at": (NOON - MINUTE).isoformat(),
    }


def test_an_empty_outbox_is_told_as_such() -> None:
    operator = Operator()

    assert "oldest waiting  -" in operator.does("outbox", "stats").stdout.splitlines()
    assert operator.does("outbox", "ls", "-s", "waiting").stdout == "There are no waiting rows.\n"


def test_lists_rows_without_what_may_be_personal_data(operator: Operator) -> None:
    shown = operator.does("outbox", "ls", "-s", "waiting").stdout
    read = operator.reads("outbox", "ls", "-s", "given-up")

    assert [line.split()[0] for line in shown.splitlines()] == ["ID", "waiting-2", "waiting-1"]
    assert "Redis is full" in shown
    assert [row["id"] for row in read["rows"]] == ["bad"]
    assert "ada@" not in shown + json.dumps(read)


def test_lists_all_rows_with_their_states(operator: Operator) -> None:
    shown = operator.does("outbox", "ls").stdout.splitlines()
    read = operator.reads("outbox", "ls")

    states = ("waiting", "waiting", "forwarded", "done", "given-up")
    assert all(f" {state} " in line for line, state in zip(shown[1:], states, strict=True))
    assert [line.split()[0] for line in shown[1:]] == ["waiting-2", "waiting-1", "sent", "good", "bad"]
    assert [row["id"] for row in read["rows"]] == ["waiting-2", "waiting-1", "sent", "good", "bad"]
    assert (read["state"], read["next"]) == (None, None)


def test_says_that_there_are_no_rows_at_all() -> None:
    assert Operator().does("outbox", "ls").stdout == "There are no rows.\n"


@pytest.mark.parametrize(
    ("state", "last_column", "said"),
    [
        ("waiting", "ERROR", "full"),
        ("forwarded", "FORWARDED", "ago"),
        ("given-up", "ENDED", "ago"),
        ("done", "ENDED", "ago"),
    ],
)
def test_the_most_telling_column_is_there_on_a_narrow_terminal(
    operator: Operator, state: str, last_column: str, said: str
) -> None:
    heading, *_, last = operator.does("outbox", "ls", "-s", state, columns=60).stdout.splitlines()

    assert (heading.split()[-1], last.split()[-1]) == (last_column, said)


def test_goes_on_where_a_page_ended(operator: Operator) -> None:
    *_, more = operator.does("outbox", "ls", "-s", "waiting", "--size", "1").stdout.splitlines()
    cursor = more.removeprefix("Next page: --cursor ")

    rest = operator.reads("outbox", "ls", "-s", "waiting", "--cursor", cursor)

    assert ([row["id"] for row in rest["rows"]], rest["next"]) == (["waiting-1"], None)


def test_a_malformed_cursor_is_a_usage_error(operator: Operator) -> None:
    refused = operator.does("outbox", "ls", "-s", "waiting", "--cursor", "x")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert len(refused.stderr.splitlines()) == 1


def test_shows_a_row_and_what_redis_has_of_its_task(operator: Operator) -> None:
    operator.inspector.add(a_task("bad", TaskState.ARCHIVED, last_error="550 no such user"))

    shown = operator.does("outbox", "inspect", "bad").stdout
    read = operator.reads("outbox", "inspect", "bad")

    for line in ("state        given-up", "task         archived", "task error   550 no such user"):
        assert line.split() in [shown_line.split() for shown_line in shown.splitlines()]
    assert "ada@example.com" in shown
    assert (read["row"]["payload"], read["task"]["last_error"]) == (PAYLOAD, "550 no such user")
    assert read["why_no_task"] is None


class Away(FakeTaskInspector):
    async def task(self, queue: str, task_id: str) -> Any:
        raise Unavailable("Redis cannot be reached")


class Empty(FakeTaskInspector):
    async def task(self, queue: str, task_id: str) -> Any:
        raise TaskNotFound(f"the queue {queue} has no task {task_id}")


@pytest.mark.parametrize(
    ("kind", "said"), [(Away, "unknown: Redis cannot be reached"), (Empty, "not in Redis")]
)
def test_shows_a_row_whose_task_cannot_be_seen(
    operator: Operator, kind: type[FakeTaskInspector], said: str
) -> None:
    operator.installation.inspector = kind(operator.installation.clock)

    shown = operator.does("outbox", "inspect", "waiting-1")
    read = operator.reads("outbox", "inspect", "waiting-1")

    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[-1].split(maxsplit=1) == ["task", said]
    assert read["row"]["last_error"] == "Redis is full"
    assert (read["task"], read["why_no_task"]) == (None, said)


def test_a_row_that_is_not_there_is_one_line(operator: Operator) -> None:
    refused = operator.does("outbox", "inspect", "nobody")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "cmd.admin: the outbox has no row nobody\n"


@pytest.mark.parametrize(
    ("action", "fitting", "became"),
    [
        ("redrive", ["waiting-1", "sent", "bad"], "forwarded"),
        ("discard", ["waiting-1", "sent"], "given up"),
    ],
)
def test_acts_on_some_and_says_why_not_on_the_others(
    operator: Operator, action: str, fitting: list[str], became: str
) -> None:
    acted = operator.does("outbox", action, *fitting, "good", "nobody")

    assert acted.exit_code == 1
    assert acted.stdout.splitlines() == [f"{task_id}: {became}" for task_id in fitting]
    assert acted.stderr.splitlines() == [
        "cmd.admin: good: it is done",
        "cmd.admin: nobody: there is no such row",
    ]


def test_a_script_gets_the_outcome_of_each(operator: Operator) -> None:
    operator.outbox.active.add("sent")

    acted = operator.does("outbox", "discard", "waiting-1", "sent", "--json")

    assert json.loads(acted.stdout) == {
        "action": "discard",
        "done": ["waiting-1"],
        "refused": {"sent": "its task is active"},
    }


def test_takes_more_ids_than_one_call_does(operator: Operator) -> None:
    many = [f"row-{number}" for number in range(501)]
    operator.outbox.add(*(a_row(task_id) for task_id in many))

    assert operator.reads("outbox", "redrive", *many)["done"] == many


def test_acts_on_all_of_a_state_if_somebody_agrees(operator: Operator) -> None:
    operator.installation.is_interactive = True

    kept = operator.does("outbox", "discard-all", "-s", "waiting", answer="n\n")
    discarded = operator.does("outbox", "discard-all", "-s", "waiting", answer="y\n")

    assert (kept.exit_code, kept.stdout) == (1, "")
    assert "Discard all 2 waiting rows? [y/N]" in discarded.stderr
    assert (discarded.exit_code, discarded.stdout) == (0, "2 given up\n")
    assert operator.reads("outbox", "stats")["given_up"] == 3


def test_nobody_is_asked_without_a_terminal(operator: Operator) -> None:
    refused = operator.does("outbox", "redrive-all", "-s", "given-up")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert operator.reads("outbox", "redrive-all", "-s", "given-up", "--yes") == {
        "action": "redrive",
        "state": "given-up",
        "done": 1,
        "refused": 0,
        "reasons": {},
    }


@pytest.mark.parametrize("state", ["done", "given-up", "duplicate"])
def test_says_why_an_action_does_not_fit_a_state(operator: Operator, state: str) -> None:
    refused = operator.does("outbox", "discard-all", "-s", state, "--yes")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"discard works on waiting or forwarded rows, not on {state} rows." in refused.stderr
