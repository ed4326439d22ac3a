import pytest

from internal.ports.tasks import TaskState
from tests.fakes.clock import NOON
from tests.support.operator_terminal import TARGET, Operator, a_task

COMMANDS = [
    ("queue", "rm", "default", "--force"),
    ("task", "run-all", "-q", "default", "-s", "retry"),
    ("task", "archive-all", "-q", "default", "-s", "retry"),
    ("task", "delete-all", "-q", "default", "-s", "retry"),
]


@pytest.fixture
def operator() -> Operator:
    operator = Operator()
    operator.inspector.add(a_task("one", TaskState.RETRY, due=NOON))
    return operator


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1])
def test_without_a_terminal_nobody_is_asked_and_nothing_done(
    operator: Operator, command: tuple[str, ...]
) -> None:
    refused = operator.does(*command, answer="y\n")

    assert refused.exit_code == 2
    assert "Aborted: not a terminal. Use --yes." in refused.stderr
    assert operator.states() == {"one": "retry"}


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yolo\n"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1])
def test_nothing_is_done_unless_somebody_agrees(
    operator: Operator, command: tuple[str, ...], answer: str
) -> None:
    operator.installation.is_interactive = True

    refused = operator.does(*command, answer=answer)

    assert refused.exit_code == 1
    assert "Aborted." in refused.stderr
    assert operator.states() == {"one": "retry"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1])
def test_it_is_done_if_somebody_agrees(operator: Operator, command: tuple[str, ...]) -> None:
    operator.installation.is_interactive = True

    done = operator.does(*command, answer="y\n")

    assert done.exit_code == 0
    assert operator.states() != {"one": "retry"}


def test_the_question_says_how_many_tasks_it_is_about(operator: Operator) -> None:
    operator.installation.is_interactive = True

    everything = operator.does("task", "delete-all", "-q", "default", "-s", "retry", answer="n\n")
    some = operator.does("task", "delete-all", "-q", "default", "-s", "retry", "--name", "x", answer="n\n")

    assert everything.stderr.startswith(f"{TARGET}: Delete 1 retry task of default? [y/N]")
    assert some.stderr.startswith(f"{TARGET}: Delete the matching ones of 1 retry task of default? [y/N]")


def test_the_question_keeps_out_of_what_a_script_reads(operator: Operator) -> None:
    operator.installation.is_interactive = True

    done = operator.does("task", "run-all", "-q", "default", "-s", "retry", "--json", answer="y\n")

    assert done.stdout.startswith("{")
