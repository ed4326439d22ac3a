from dataclasses import replace
from datetime import timedelta

import pytest

from internal.ports.task_snapshots import Failure
from internal.ports.tasks import TaskState
from tests.fakes.clock import NOON
from tests.support.operator_terminal import Operator, a_task

REFUSED = Failure(
    fingerprint="3f2a90c41b7e",
    task_name="email:welcome",
    error_type="SMTPError",
    frame="internal/infrastructure/email/smtp_sender.py in SmtpSender.send",
)
OTHER = replace(REFUSED, fingerprint="0123456789ab", error_type="ValueError", frame="")
STATES = {"mail-0": "archived", "mail-1": "retry", "mail-2": "retry", "other": "archived"}


@pytest.fixture
def operator() -> Operator:
    operator = Operator()
    for minutes, (task_id, state) in enumerate(STATES.items()):
        operator.inspector.add(
            a_task(
                task_id,
                TaskState(state),
                due=NOON if state == "retry" else None,
                failure=OTHER if task_id == "other" else REFUSED,
                last_failed_at=NOON - timedelta(minutes=10 - minutes),
                last_error="SMTPError: connection refused",
                traceback="Traceback (most recent call last):\n  somewhere\nSMTPError: connection refused\n",
            )
        )
    return operator


def test_lists_the_groups(operator: Operator) -> None:
    lines = [line.split() for line in operator.does("failures", "ls").stdout.splitlines()]

    assert lines[0] == ["FINGERPRINT", "TASKS", "TASK", "ERROR", "WHERE", "FIRST", "LAST"]
    assert lines[1][:5] == ["3f2a90c41b7e", "3", "email:welcome", "SMTPError", "SmtpSender.send"]
    assert lines[1][-4:] == ["10m", "ago", "8m", "ago"]
    assert lines[2][:5] == ["0123456789ab", "1", "email:welcome", "ValueError", "-"]


def test_lists_the_groups_for_a_script(operator: Operator) -> None:
    read = operator.reads("failures", "ls")

    assert (read["looked_at"], read["total"]) == (4, 4)
    assert read["groups"][0] == {
        "fingerprint": "3f2a90c41b7e",
        "task_name": "email:welcome",
        "error_type": "SMTPError",
        "frame": REFUSED.frame,
        "retry": 2,
        "archived": 1,
        "first_seen": "2030-01-01T11:50:00+00:00",
        "last_seen": "2030-01-01T11:52:00+00:00",
        "last_error": "SMTPError: connection refused",
        "sample": {"queue": "default", "id": "mail-2"},
    }


def test_says_that_nothing_failed() -> None:
    assert Operator().does("failures", "ls").stdout == "No task has failed.\n"


def test_shows_a_group_with_its_latest_traceback(operator: Operator) -> None:
    shown = operator.does("failures", "show", "3f2a90c41b7e", "--size", "2").stdout

    assert "where        internal/infrastructure/email/smtp_sender.py in SmtpSender.send\n" in shown
    assert "tasks        2 in retry, 1 archived\n" in shown
    assert "latest       Traceback (most recent call last):\n" in shown
    assert [line.split()[0] for line in shown.splitlines()[-3:]] == ["mail-2", "mail-1", "Next"]


def test_shows_a_group_page_by_page(operator: Operator) -> None:
    first = operator.reads("failures", "show", "3f2a90c41b7e", "--size", "2")
    second = operator.reads("failures", "show", "3f2a90c41b7e", "--cursor", first["next"])

    assert [task["id"] for page in (first, second) for task in page["tasks"]] == [
        "mail-2",
        "mail-1",
        "mail-0",
    ]
    assert first["traceback"].startswith("Traceback")
    assert {task["fingerprint"] for task in first["tasks"]} == {"3f2a90c41b7e"}
    assert second["next"] is None


def test_a_wrong_cursor_is_a_usage_error(operator: Operator) -> None:
    refused = operator.does("failures", "show", "3f2a90c41b7e", "--cursor", "what")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "not a valid cursor" in refused.stderr


@pytest.mark.parametrize("command", ["show", "run", "archive", "delete"])
def test_an_unknown_group_is_an_error(operator: Operator, command: str) -> None:
    refused = operator.does("failures", command, "3f2a90c41b7f")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == (
        "cmd.admin: unknown failure group '3f2a90c41b7f'; did you mean '3f2a90c41b7e'?\n"
    )


@pytest.mark.parametrize(
    ("action", "said", "became"),
    [
        ("run", "3 pending", ["pending", "pending", "pending"]),
        ("archive", "2 archived", ["archived", "archived", "archived"]),
        ("delete", "3 deleted", [None, None, None]),
    ],
)
def test_acts_on_a_group(operator: Operator, action: str, said: str, became: list[str | None]) -> None:
    acted = operator.does("failures", action, "3f2a90c41b7e", "--yes")

    assert (acted.exit_code, acted.stdout, acted.stderr) == (0, f"{said}\n", "")
    states = operator.states()
    assert states["other"] == "archived"
    assert [states.get(f"mail-{number}") for number in range(3)] == became


def test_acts_for_a_script(operator: Operator) -> None:
    assert operator.reads("failures", "run", "3f2a90c41b7e", "-y") == {
        "action": "run",
        "fingerprint": "3f2a90c41b7e",
        "done": 3,
        "refused": 0,
        "reasons": {},
    }


def test_asks_before_it_acts(operator: Operator) -> None:
    operator.installation.is_interactive = True

    refused = operator.does("failures", "run", "3f2a90c41b7e", answer="n\n")

    assert refused.exit_code == 1
    assert "Run the email:welcome tasks that failed with SMTPError, at least 3? [y/N]" in refused.stderr
    assert operator.states() == STATES
