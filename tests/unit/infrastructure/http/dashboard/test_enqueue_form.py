"""The form and the command line publish the same."""

import shlex
from collections.abc import Mapping

import pytest

from internal.application.tasks.purge_requests import PurgeRequests
from internal.application.tasks.send_email_changed import SendEmailChanged
from internal.infrastructure.http.dashboard.enqueue_form import EnqueueForm, TaskChoice, new_form, sent_form
from internal.infrastructure.http.dashboard.option_form import OPTIONS
from internal.infrastructure.tasks.codec import TaskCodec
from internal.ports.tasks import TaskOverrides
from tests.support.operator_terminal import Operator

QUEUES = ("critical", "default", "low")
PAYLOAD = {
    "payload.user_id": "e93ad238-1f7d-4f21-897f-7ec0d8fb3744",
    "payload.email": "o'brien@example.com",
    "payload.name": 'Zoë "$HOME" `id` \\',
    "payload.changed_at": "2030-03-04T23:07:00Z",
}


@pytest.fixture
def operator() -> Operator:
    operator = Operator()
    operator.installation.tasks = [SendEmailChanged]
    return operator


def sent(typed: Mapping[str, str], payload: Mapping[str, str] = PAYLOAD) -> EnqueueForm:
    return sent_form(SendEmailChanged, {**payload, **typed}, queues=QUEUES)


def arguments_of(form: EnqueueForm) -> list[str]:
    """What a shell hands to the program. It continues a line that ends with a backslash."""
    assert form.command
    return shlex.split(form.command.replace("\\\n", ""))[1:]


def options(**typed: str) -> Mapping[str, str]:
    return {f"option.{name}": text for name, text in typed.items()}


def test_there_is_an_input_for_each_option() -> None:
    assert {option.name for option in OPTIONS} == set(TaskOverrides.__annotations__)


def test_a_new_form_shows_what_the_task_has_itself() -> None:
    form = new_form(SendEmailChanged, form_id="one", queues=QUEUES)

    assert [field.label for field in form.fields] == ["user_id", "email", "name", "changed_at"]
    assert (form.own["Queue"], form.own["Retries"], form.own["Timeout"]) == ("default", "25", "30m")
    assert form.options[0].choices[0] == ("", "default, the task's own")
    assert not form.has_options
    assert TaskChoice.of(SendEmailChanged).about.startswith("Tell the old address")
    assert TaskChoice.of(PurgeRequests).about == "Forget each Idempotency-Key that is older than a day."


@pytest.mark.parametrize(
    "typed",
    [
        {},
        options(queue="low", delay="90s", max_retries="0", timeout="5m"),
        options(process_at="2100-01-01T10:00", deadline="2100-01-02T10:00:30+01:00"),
        options(unique_for="1h", unique_key="-x y'z", unique_until="expiry", task_id="--id"),
        options(max_running="2", rate="10/1m", limit_key="k", retention="7d"),
        options(headers="a=1\r\nb=x=y z\r\n"),
    ],
    ids=["none", "basic", "times", "unique", "limits", "headers"],
)
def test_the_command_publishes_what_the_form_does(operator: Operator, typed: Mapping[str, str]) -> None:
    form = sent(typed)
    assert form.is_valid

    done = operator.does(*arguments_of(form))

    assert done.exit_code == 0, done.stderr
    [published] = operator.installation.unit_of_work.published
    assert published.task == TaskCodec([SendEmailChanged]).decode(form.name, dict(form.payload))
    assert published.options == SendEmailChanged.task_options.override(form.overrides)


def test_a_direct_task_needs_no_outbox(operator: Operator) -> None:
    operator.does(*arguments_of(sent({"is_direct": "true"})))

    assert len(operator.installation.publisher.published) == 1


@pytest.mark.parametrize(
    ("typed", "label", "why"),
    [
        (options(queue="nowhere"), "Queue", "There is no such queue."),
        (options(delay="5 minutes"), "Delay", "is not a duration"),
        (options(timeout="0s"), "Timeout", "Must be at least 1 ms."),
        (options(deadline="tomorrow"), "Deadline", "is not a time"),
        (options(max_retries="-1"), "Retries", "Must not be negative."),
        (options(max_retries="many"), "Retries", "Must be a whole number."),
        (options(max_retries="9" * 5000), "Retries", "Exceeds the limit"),
        (options(rate="10"), "Rate", "is not a rate"),
        (options(headers="novalue"), "Headers", "KEY=VALUE"),
        (options(unique_until="never"), "Unique until", 'Must be "done" or "expiry".'),
        (options(task_id="x" * 256), "Id", "Must not be longer than 255 characters."),
    ],
)
def test_says_beside_each_option_what_does_not_fit(typed: Mapping[str, str], label: str, why: str) -> None:
    form = sent(typed)

    assert form.wrong == [label]
    assert why in next(field.error for field in form.options if field.label == label)
    assert form.has_options


def test_says_which_options_do_not_fit_together() -> None:
    form = sent(options(delay="1s", process_at="2100-01-01T10:00"))

    assert form.problem == "Delay and process_at exclude each other."
    assert not form.is_valid


def test_escapes_what_a_page_cannot_show() -> None:
    assert "\\u202e" in str(sent({}, PAYLOAD | {"payload.name": "a\u202eb"}).command)
    assert sent(options(task_id="a\u202eb")).command is None
