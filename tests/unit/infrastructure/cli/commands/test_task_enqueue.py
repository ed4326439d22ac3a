from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.ports.tasks import Rate, TaskOptions
from tests.support.operator_terminal import Operator

USER_ID = "e93ad238-1f7d-4f21-897f-7ec0d8fb3744"
JSON = f'{{"user_id": "{USER_ID}"}}'
TASK = SendWelcomeEmail(user_id=UUID(USER_ID))


def published_options(operator: Operator) -> TaskOptions:
    [published] = operator.installation.unit_of_work.published
    assert published.task == TASK
    return published.options


def test_publishes_a_task_with_its_own_options(operator: Operator) -> None:
    published = operator.does("task", "enqueue", "email:welcome", "--payload", JSON)

    assert (published.exit_code, published.stdout) == (
        0,
        "task-1: stored in the outbox for default\n",
    )
    assert published_options(operator) == SendWelcomeEmail.task_options


def test_takes_the_payload_from_where_nobody_else_sees_it(operator: Operator) -> None:
    published = operator.does("task", "enqueue", "email:welcome", "--payload", "-", answer=JSON)

    assert published.exit_code == 0
    assert published_options(operator) == SendWelcomeEmail.task_options


@pytest.mark.parametrize(
    ("options", "overrides"),
    [
        (["--queue", "critical"], {"queue": "critical"}),
        (["--id", "welcome-ada"], {"task_id": "welcome-ada"}),
        (["--max-retries", "0"], {"max_retries": 0}),
        (["--timeout", "1h30m"], {"timeout": timedelta(hours=1, minutes=30)}),
        (["--deadline", "2100-01-01T09:00:00Z"], {"deadline": datetime(2100, 1, 1, 9, tzinfo=UTC)}),
        (["--delay", "1.5s"], {"delay": timedelta(seconds=1.5)}),
        (["--process-at", "2100-01-01T10:00:00+01:00"], {"process_at": datetime(2100, 1, 1, 9, tzinfo=UTC)}),
        (["--unique-for", "1h", "--unique-key", "x"], {"unique_for": timedelta(hours=1), "unique_key": "x"}),
        (
            ["--unique-for", "1d", "--unique-until", "expiry"],
            {"unique_for": timedelta(days=1), "unique_until": "expiry"},
        ),
        (["--max-running", "2", "--limit-key", "y"], {"max_running": 2, "limit_key": "y"}),
        (["--rate", "10/1m"], {"rate": Rate(10, timedelta(minutes=1))}),
        (["--retention", "7d"], {"retention": timedelta(days=7)}),
        (["--header", "a=1", "--header", "b=x=y"], {"headers": {"a": "1", "b": "x=y"}}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_every_option(operator: Operator, options: list[str], overrides: dict[str, object]) -> None:
    published = operator.does("task", "enqueue", "email:welcome", "--payload", JSON, *options)

    assert published.exit_code == 0
    mine = published_options(operator)
    assert {name: getattr(mine, name) for name in overrides} == overrides


def test_a_script_gets_the_outcome(operator: Operator) -> None:
    read = operator.reads("task", "enqueue", "email:welcome", "--payload", JSON)

    assert read == {"id": "task-1", "queue": "default", "state": "stored", "duplicate": None}


def test_goes_past_the_outbox_only_if_told_to(operator: Operator) -> None:
    arguments = ("task", "enqueue", "email:welcome", "--payload", JSON, "--direct")

    assert operator.does(*arguments).stdout == "task-1: pending in default\n"
    assert operator.reads(*arguments, "--delay", "5m")["state"] == "scheduled"
    assert operator.installation.unit_of_work.published == []


def test_says_that_there_is_such_a_task(operator: Operator) -> None:
    arguments = ("task", "enqueue", "email:welcome", "--payload", JSON, "--direct", "--id", "one")
    operator.does(*arguments)

    again = operator.does(*arguments)

    assert again.exit_code == 0
    assert again.stdout == "one: already pending in default; nothing was stored\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["email:welcome", "--payload", "{"], "Not valid JSON"),
        (["email:welcome", "--payload", "[]"], "Not a JSON object"),
        (["email:welcome", "--payload", "[" * 50_000], "Nested too deeply"),
        (["email:welcome", "--payload", '{"name": "Ada", "n\\u0061me": "Eve"}'], "duplicate key"),
        (["email:welcome", "--payload", '{"x": [{"a": 1, "a": 1}]}'], "duplicate key"),
        (["email:welcome", "--payload", '{"email": "ada@example.com"}'], "missing required field"),
        (["email:welcome", "--payload", JSON, "--delay", "5 minutes"], "'--delay'"),
        (["email:welcome", "--payload", JSON, "--delay", "99999999999d"], "too long"),
        (["email:welcome", "--payload", JSON, "--timeout", "0s"], "timeout must be at least 1 ms"),
        (["email:welcome", "--payload", JSON, "--deadline", "tomorrow"], "'--deadline'"),
        (["email:welcome", "--payload", JSON, "--deadline", "2100-01-01T00:00:00"], "no time zone"),
        (["email:welcome", "--payload", JSON, "--max-retries", "-1"], "'--max-retries'"),
        (["email:welcome", "--payload", JSON, "--header", "novalue"], "KEY=VALUE"),
        (["email:welcome", "--payload", JSON, "--unique-key", "x"], "unique_key needs unique_for"),
        (["email:welcome", "--payload", JSON, "--limit-key", "x"], "limit_key needs max_running or rate"),
        (["email:welcome", "--payload", JSON, "--rate", "10"], "is not a rate"),
        (["email:welcome", "--payload", JSON, "--rate", "10/soon"], "is not a duration"),
        (["email:welcome", "--payload", JSON, "--rate", "0/1m"], "the limit of a rate must be at least 1"),
        (
            ["email:welcome", "--payload", JSON, "--delay", "1s", "--process-at", "2100-01-01T00:00:00Z"],
            "exclude each other",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_refuses_what_makes_no_sense(operator: Operator, arguments: list[str], why: str) -> None:
    refused = operator.does("task", "enqueue", *arguments)

    assert refused.exit_code == 2
    [line] = refused.stderr.splitlines()
    assert why in line
    assert "ada@" not in line
    assert operator.installation.unit_of_work.published == []


def test_names_the_tasks_that_it_knows(operator: Operator) -> None:
    unlike = operator.does("task", "enqueue", "xyz")
    like = operator.does("task", "enqueue", "email:welcom")

    assert (unlike.exit_code, like.exit_code) == (1, 1)
    assert unlike.stderr == "cmd.admin: unknown task 'xyz'; there are: email:welcome\n"
    assert like.stderr == "cmd.admin: unknown task 'email:welcom'; did you mean 'email:welcome'?\n"


def test_names_the_queues_that_there_are(operator: Operator) -> None:
    refused = operator.does("task", "enqueue", "email:welcome", "--payload", JSON, "-q", "critcal")

    assert refused.exit_code == 1
    assert refused.stderr == "cmd.admin: unknown queue 'critcal'; did you mean 'critical'?\n"
