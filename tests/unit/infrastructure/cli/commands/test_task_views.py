import json
from datetime import timedelta

import pytest

from internal.ports.task_snapshots import Attempt, TaskInfo
from internal.ports.tasks import TaskState
from tests.fakes.clock import NOON
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.operator_terminal import PAYLOAD, Operator, a_task

MINUTE = timedelta(minutes=1)


def ids(output: str) -> list[str]:
    return [line.split()[0] for line in output.splitlines()[1:]]


@pytest.fixture
def waiting(operator: Operator) -> Operator:
    operator.inspector.add(*(a_task(f"task-{number}") for number in range(5)))
    return operator


def test_the_newest_come_first(waiting: Operator) -> None:
    newest = waiting.does("task", "ls", "-q", "default", "-s", "pending")
    oldest = waiting.does("task", "list", "--queue", "default", "--state", "pending", "--oldest-first")

    assert ids(newest.stdout) == [f"task-{number}" for number in (4, 3, 2, 1, 0)]
    assert ids(oldest.stdout) == [f"task-{number}" for number in range(5)]


def test_goes_on_where_a_page_ended(waiting: Operator) -> None:
    first = waiting.does("task", "ls", "-q", "default", "-s", "pending", "--size", "3")
    *shown, more = first.stdout.splitlines()
    cursor = more.removeprefix("Next page: --cursor ")

    rest = waiting.does("task", "ls", "-q", "default", "-s", "pending", "--cursor", cursor)

    assert ids("\n".join(shown)) == ["task-4", "task-3", "task-2"]
    assert ids(rest.stdout) == ["task-1", "task-0"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["--since", "10m"], ["new", "failed"]),
        (["--since", "2030-01-01T12:55:00+01:00"], ["new", "failed"]),
        (["--until", "10m"], ["old"]),
        (["--since", "2h", "--until", "2030-01-01T11:58:00Z"], ["new", "old"]),
    ],
)
def test_lists_what_happened_in_a_time(operator: Operator, given: list[str], shown: list[str]) -> None:
    operator.inspector.add(
        a_task("old", published_at=NOON - timedelta(hours=1)),
        a_task("failed", TaskState.ARCHIVED, last_failed_at=NOON),
        a_task("new"),
    )

    listed = operator.does("task", "ls", "-q", "default", *given)

    assert ids(listed.stdout) == shown


@pytest.mark.parametrize("given", ["x", "4000d", "2030-01-01T12:00:00", "1e9s", ""])
def test_refuses_a_time_that_it_cannot_read(operator: Operator, given: str) -> None:
    assert operator.does("task", "ls", "-q", "default", "--since", given).exit_code == 2


def test_lists_all_states_with_the_waiting_tasks_first(waiting: Operator) -> None:
    waiting.inspector.add(
        a_task("done", TaskState.COMPLETED, completed_at=NOON),
        a_task("bad", TaskState.ARCHIVED, last_error="boom", last_failed_at=NOON),
    )

    first = waiting.does("task", "ls", "-q", "default", "--size", "6").stdout.splitlines()
    cursor = first[-1].removeprefix("Next page: --cursor ")
    rest = waiting.reads("task", "ls", "-q", "default", "--cursor", cursor)

    assert first[0].split() == ["ID", "NAME", "STATE", "PUBLISHED", "RETRIES", "LAST", "ERROR"]
    assert ids("\n".join(first[:-1])) == [*(f"task-{number}" for number in (4, 3, 2, 1, 0)), "bad"]
    assert " archived " in first[-2]
    assert "boom" in first[-2]
    assert ([task["id"] for task in rest["tasks"]], rest["state"], rest["next"]) == (["done"], None, None)


def test_filters_tasks_of_all_states(waiting: Operator) -> None:
    waiting.inspector.add(a_task("report", TaskState.RETRY, due=NOON, name="report:build"))

    found = waiting.reads("task", "ls", "-q", "default", "--name", "report:build")

    assert [(task["id"], task["state"]) for task in found["tasks"]] == [("report", "retry")]


def test_says_that_there_are_no_tasks_at_all(operator: Operator) -> None:
    operator.inspector.add_queue("empty")

    assert operator.does("task", "ls", "-q", "empty").stdout == "There are no tasks.\n"


def test_a_script_reads_all_pages(waiting: Operator) -> None:
    found: list[str] = []
    cursor: list[str] = []
    while True:
        page = waiting.reads("task", "ls", "-q", "default", "-s", "pending", "--size", "2", *cursor)
        found += [task["id"] for task in page["tasks"]]
        if page["next"] is None:
            break
        cursor = ["--cursor", page["next"]]

    assert found == [f"task-{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("only", "matching"),
    [
        (["--name", "report:build"], ["report"]),
        (["--payload", "ADA@example"], ["mail"]),
        (["--error", "Timeout"], ["report"]),
        (["--name", "report:build", "--error", "refused"], []),
    ],
    ids=str,
)
def test_lists_those_that_match(operator: Operator, only: list[str], matching: list[str]) -> None:
    operator.inspector.add(
        a_task("mail", TaskState.RETRY, due=NOON, last_error="refused"),
        a_task("report", TaskState.RETRY, due=NOON, name="report:build", payload={}, last_error="a timeout"),
    )

    page = operator.reads("task", "ls", "-q", "default", "-s", "retry", *only)

    assert [task["id"] for task in page["tasks"]] == matching


def test_a_page_without_a_match_may_have_more_behind_it(waiting: Operator) -> None:
    waiting.installation.inspector = inspector = FakeTaskInspector(waiting.installation.clock, looks_at=2)
    inspector.add(a_task("match", name="report:build"), *(a_task(f"task-{number}") for number in range(5)))
    search = ("task", "ls", "-q", "default", "-s", "pending", "--name", "report:build")

    nothing, more = waiting.does(*search).stdout.splitlines()
    cursor = more.removeprefix("Next page: --cursor ")
    following = waiting.does(*search, "--cursor", cursor).stdout.splitlines()[-1]
    last = waiting.does(*search, "--cursor", following.removeprefix("Next page: --cursor "))

    assert nothing == "No matches on this page."
    assert ids(last.stdout) == ["match"]


def test_says_that_the_list_is_empty(waiting: Operator) -> None:
    assert waiting.does("task", "ls", "-q", "default", "-s", "retry").stdout == "There are no retry tasks.\n"


def test_payloads_are_shown_only_if_asked_for(operator: Operator) -> None:
    operator.inspector.add(a_task("done", TaskState.COMPLETED, completed_at=NOON, result={"to": "ada@b.c"}))
    command = ("task", "ls", "-q", "default", "-s", "completed")

    assert "ada@" not in operator.does(*command).stdout
    assert "ada@" not in operator.does(*command, "--json").stdout
    assert "ada@example.com" in operator.does(*command, "--show-payload").stdout
    [shown] = operator.reads(*command, "--show-payload")["tasks"]
    assert (shown["payload"], shown["result"]) == (PAYLOAD, {"to": "ada@b.c"})


@pytest.mark.parametrize(
    ("task", "shown"),
    [
        (a_task(), ["5m ago", "0/25"]),
        (
            a_task(state=TaskState.ACTIVE, started_at=NOON - MINUTE, worker="w-1"),
            ["running", "1m ago", "w-1"],
        ),
        (a_task(state=TaskState.ACTIVE, is_orphaned=True), ["orphaned"]),
        (a_task(state=TaskState.ACTIVE, is_cancelled=True), ["cancelling"]),
        (a_task(state=TaskState.SCHEDULED, due=NOON + MINUTE), ["in 1m"]),
        (a_task(state=TaskState.RETRY, due=NOON + MINUTE, retries=3, last_error="boom"), ["3/25", "boom"]),
        (
            a_task(state=TaskState.ARCHIVED, last_failed_at=NOON - MINUTE, last_error="boom"),
            ["1m ago", "boom"],
        ),
        (a_task(state=TaskState.ARCHIVED, name=None, payload=None, raw=b"\xff{"), ["(unreadable)"]),
        (
            a_task(state=TaskState.COMPLETED, completed_at=NOON, expires_at=NOON + 2 * MINUTE),
            ["0s ago", "in 2m"],
        ),
    ],
    ids=lambda value: value.state if isinstance(value, TaskInfo) else "",
)
def test_every_state_shows_what_is_asked_of_it(operator: Operator, task: TaskInfo, shown: list[str]) -> None:
    operator.inspector.add(task)

    listed = operator.does("task", "ls", "-q", "default", "-s", task.state).stdout

    assert [text for text in shown if text not in listed] == []


@pytest.mark.parametrize("state", ["stored", "dead"])
def test_refuses_a_state_that_no_queue_has(waiting: Operator, state: str) -> None:
    refused = waiting.does("task", "ls", "-q", "default", "-s", state)

    assert refused.exit_code == 2
    assert "archived" in refused.stderr


@pytest.mark.parametrize("size", ["0", "501"])
def test_refuses_a_page_that_is_too_large_or_empty(waiting: Operator, size: str) -> None:
    assert waiting.does("task", "ls", "-q", "default", "-s", "pending", "--size", size).exit_code == 2


def test_refuses_a_malformed_cursor(waiting: Operator) -> None:
    refused = waiting.does("task", "ls", "-q", "default", "-s", "pending", "--cursor", "zzz")

    assert refused.exit_code == 2
    assert refused.stderr.startswith("cmd.admin: Invalid value for '--cursor'")


def test_ids_stay_whole_in_eighty_columns(operator: Operator) -> None:
    task_id = "e93ad238-1f7d-4f21-897f-7ec0d8fb3744"
    operator.inspector.add(a_task(task_id, TaskState.RETRY, due=NOON, last_error="long " * 50))

    _, line = operator.does("task", "ls", "-q", "default", "-s", "retry", columns=80).stdout.splitlines()

    assert len(line) <= 80
    assert line.startswith(task_id)
    assert "…" in line


def test_inspects_a_task(operator: Operator) -> None:
    operator.inspector.add(
        a_task(
            "given up",
            TaskState.ARCHIVED,
            retries=1,
            last_error="ValueError: two\nlines",
            last_failed_at=NOON - MINUTE,
            history=[
                Attempt(at=NOON - 3 * MINUTE, retries=0, error="first"),
                Attempt(at=NOON - 2 * MINUTE, retries=1, error="second", worker="web-1:17"),
                Attempt(at=NOON - MINUTE, retries=2, error="third", worker="web-2:18", ran_for=MINUTE / 50),
            ],
            headers={"request-id": "e5c6"},
            expires_at=NOON + timedelta(days=90),
            crashes=2,
            deadline=NOON + MINUTE,
        )
    )

    shown = operator.does("task", "inspect", "-q", "default", "given up").stdout

    lines = dict(line.split("  ", 1) for line in shown.splitlines() if not line.startswith(" "))
    fields = {name: value.strip() for name, value in lines.items()}
    assert fields == {
        "id": "given up",
        "name": "email:welcome",
        "queue": "default",
        "state": "archived",
        "published": "2030-01-01T11:55:00+00:00 (5m ago)",
        "deadline": "2030-01-01T12:01:00+00:00 (in 1m)",
        "timeout": "15m",
        "retries": "1/25",
        "crashes": "2",
        "expires": "2030-04-01T12:00:00+00:00 (in 90d)",
        "headers": '{"request-id": "e5c6"}',
        "payload": json.dumps(PAYLOAD),
        "last error": "ValueError: two",
        "last failed": "2030-01-01T11:59:00+00:00 (1m ago)",
        "history": "2030-01-01T11:57:00+00:00 (3m ago) first",
    }
    assert "\n             lines\n" in shown
    assert "\n             2030-01-01T11:58:00+00:00 (2m ago) on web-1:17: second\n" in shown
    assert (
        "\n             2030-01-01T11:59:00+00:00 (1m ago) on web-2:18, "
        "started 2030-01-01T11:58:58.800+00:00, ran for 1.2s: third\n"
    ) in shown


def test_inspects_a_task_for_a_script(operator: Operator) -> None:
    attempt = Attempt(at=NOON, retries=0, error="boom", worker="web-1:17", ran_for=MINUTE)
    operator.inspector.add(a_task("one", TaskState.ARCHIVED, history=[attempt], expires_at=NOON, raw=b"\xff"))

    task = operator.reads("task", "inspect", "-q", "default", "one")["task"]

    assert task == {
        "id": "one",
        "queue": "default",
        "state": "archived",
        "name": "email:welcome",
        "payload": PAYLOAD,
        "raw_base64": "/w==",
        "published_at": "2030-01-01T11:55:00+00:00",
        "due": None,
        "deadline": None,
        "timeout_seconds": 900.0,
        "retries": 0,
        "max_retries": 25,
        "retention_seconds": 0.0,
        "unique_for_seconds": None,
        "unique_until": None,
        "headers": {},
        "worker": None,
        "started_at": None,
        "is_orphaned": False,
        "is_cancelled": False,
        "crashes": 0,
        "last_error": None,
        "last_failed_at": None,
        "fingerprint": None,
        "history": [
            {
                "at": "2030-01-01T12:00:00+00:00",
                "retries": 0,
                "error": "boom",
                "worker": "web-1:17",
                "started_at": "2030-01-01T11:59:00+00:00",
                "ran_seconds": 60.0,
            }
        ],
        "completed_at": None,
        "expires_at": "2030-01-01T12:00:00+00:00",
        "result": None,
        "traceback": None,
        "neighbours": None,
    }


def test_shows_the_bytes_of_what_cannot_be_read(operator: Operator) -> None:
    operator.inspector.add(a_task("odd", TaskState.ARCHIVED, name=None, payload=None, raw=b"\xff\x1b[2J"))

    shown = operator.does("task", "inspect", "-q", "default", "odd").stdout

    assert "raw message  \\xff\\x1b[2J\n" in shown


def test_a_task_that_is_not_there(waiting: Operator) -> None:
    missing = waiting.does("task", "inspect", "-q", "default", "nobody")

    assert missing.exit_code == 1
    assert missing.stderr == "cmd.admin: the queue default has no task nobody\n"


def test_a_queue_that_is_not_there(waiting: Operator) -> None:
    missing = waiting.does("task", "ls", "-q", "defalt", "-s", "pending")

    assert missing.exit_code == 1
    assert missing.stderr == "cmd.admin: unknown queue 'defalt'; did you mean 'default'?\n"
