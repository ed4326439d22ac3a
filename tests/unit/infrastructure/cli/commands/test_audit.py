import json
from dataclasses import replace
from uuid import uuid4

import pytest

from internal.domain.caller import Caller
from internal.domain.security_event import EventName, Result
from internal.ports.security_event_log import RecordedEvent
from internal.ports.tasks import TaskState
from tests.fakes.clock import NOON
from tests.support.operator_terminal import ADA, PAYLOAD, Operator, a_task

PAUSE = RecordedEvent(
    id=1,
    occurred_at=NOON,
    name=EventName.TASKS_PAUSE_QUEUE,
    result=Result.SUCCESS,
    actor_id=None,
    subject_id=None,
    operator=ADA.name,
    caller=Caller(address=None, user_agent=None, request_id=None),
    details={"queue": "low", "outcome": "done"},
)
DELETE = replace(
    PAUSE,
    id=2,
    name=EventName.TASKS_DELETE,
    actor_id=uuid4(),
    operator=None,
    caller=Caller(address="192.0.2.7", user_agent="Firefox", request_id="r1"),
    details={
        "queue": "low",
        "tasks": "5",
        "ids": "a b c d e",
        "done": "4",
        "refused": "1",
        "outcome": "done",
    },
)


@pytest.fixture
def operator() -> Operator:
    operator = Operator()
    operator.installation.security_event_log.recorded += [
        PAUSE,
        DELETE,
        replace(PAUSE, id=3, name=EventName.LOGGED_IN),
    ]
    return operator


def test_lists_what_operators_did_to_tasks_the_newest_first(operator: Operator) -> None:
    shown = operator.does("audit").stdout.splitlines()

    assert len(shown) == 3
    assert shown[0].split() == ["WHEN", "WHO", "ACTION", "ON", "RESULT", "FROM"]
    assert "delete" in shown[1]
    assert "queue low, a, b, c, 5 in all" in shown[1]
    assert "4 done, 1 refused" in shown[1]
    assert "192.0.2.7" in shown[1]
    assert "cli:ada@desk" in shown[2]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--actor", "cli:ada@desk"], [1]),
        (["--actor", str(DELETE.actor_id)], [2]),
        (["--action", "delete"], [2]),
        (["--since", "2030-01-01T12:00:00Z"], [2, 1]),
        (["--until", "2030-01-01T12:00:00Z"], []),
        (["--size", "1"], [2]),
    ],
)
def test_filters(operator: Operator, options: list[str], ids: list[int]) -> None:
    assert [action["id"] for action in operator.reads("audit", *options)["actions"]] == ids


def test_pages_follow_one_another(operator: Operator) -> None:
    first = operator.reads("audit", "--size", "1")
    second = operator.reads("audit", "--size", "1", "--cursor", first["next"])

    assert [action["id"] for action in second["actions"]] == [1]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--action", "delte"], "unknown action 'delte'; did you mean 'delete'?."),
        (["--actor", "nobody@example.com"], "--actor has no account."),
        (["--actor", "ada"], "--actor is neither an address, an id nor cli:<user>@<host>."),
        (["--cursor", "x"], "--cursor is not a cursor of this list"),
    ],
)
def test_a_filter_that_means_nothing_is_a_usage_error(
    operator: Operator, options: list[str], problem: str
) -> None:
    refused = operator.does("audit", *options)

    assert refused.exit_code == 2
    assert problem in refused.stderr


def test_commands_that_act_are_recorded_under_the_name_of_the_operator(operator: Operator) -> None:
    operator.inspector.add(a_task("1", TaskState.ARCHIVED), a_task("2", TaskState.RETRY))

    for command in (
        ["queue", "pause", "default"],
        ["queue", "resume", "default"],
        ["task", "run", "-q", "default", "1"],
        ["task", "archive-all", "-q", "default", "-s", "retry", "--yes"],
        ["task", "enqueue", "email:welcome", "--payload", "-"],
        ["outbox", "redrive", "1"],
        ["outbox", "discard-all", "-s", "waiting", "--yes"],
        ["queue", "rm", "default", "--force", "--yes"],
    ):
        operator.does(*command, answer=json.dumps(PAYLOAD))

    entries = operator.installation.audit_trail.entries
    assert [entry.name.removeprefix("tasks.") for entry in entries] == [
        "pause_queue",
        "resume_queue",
        "run",
        "archive",
        "enqueue",
        "redrive",
        "discard",
        "remove_queue",
    ]
    assert {entry.operator for entry in entries} == {"cli:ada@desk"}
    assert not any(value in str(entries) for value in PAYLOAD.values())


def test_commands_that_look_are_not_recorded(operator: Operator) -> None:
    operator.inspector.add(a_task("1"))

    for command in (
        ["stats"],
        ["queue", "ls"],
        ["task", "ls", "-q", "default"],
        ["outbox", "ls"],
        ["cron", "ls"],
    ):
        assert operator.does(*command).exit_code == 0

    assert operator.installation.audit_trail.entries == []


def test_an_action_on_an_account_names_the_operator(operator: Operator) -> None:
    operator.does("user", "create-admin", "root@example.com", "--generate-password")

    [event] = operator.installation.unit_of_work.security_events.recorded
    assert (event.operator, event.details["source"]) == ("cli:ada@desk", "cli")
