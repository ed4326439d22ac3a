import pytest

from tests.support.burning_installation import burning_installation
from tests.support.dash_terminal import Dash, dash_on
from tests.support.operator_terminal import FakeInstallation

pytestmark = pytest.mark.anyio


async def open_failures(dash: Dash) -> None:
    await dash.sees("Overview")
    await dash.press("f")
    await dash.sees(" Failures ")


async def test_lists_the_groups_the_largest_first() -> None:
    async with dash_on(await burning_installation()) as dash:
        await open_failures(dash)
        await dash.sees("46 tasks in retry and archived.")
        lines = [line.split() for line in dash.lines()]

    assert lines[2] == ["TASKS", "TASK", "ERROR", "WHERE", "FIRST", "LAST"]
    assert lines[3][:4] == ["45", "email:welcome", "SMTPConnectError", "SmtpSender.send"]
    assert lines[4][:4] == ["1", "report:nightly", "ValueError", "-"]


@pytest.mark.long
async def test_opens_a_group_and_its_tasks() -> None:
    async with dash_on(await burning_installation()) as dash:
        await open_failures(dash)
        await dash.sees("email:welcome")
        await dash.press("enter")
        shown = await dash.sees(
            "Failures 3f2a90c41b7e", "30 in retry, 15 archived, first 50m ago", "welcome-44"
        )
        await dash.press("n")
        await dash.sees("Page 2, the last page", "welcome-14")
        await dash.press("p")
        await dash.sees("Page 1, n: next page")
        await dash.press("enter")
        await dash.sees("Task welcome-44", "Traceback")

    assert "internal/infrastructure/email/smtp_sender.py in SmtpSender.send" in shown
    assert "latest: SMTPConnectError: connection refused for •••" in shown
    assert "ada@" not in shown


@pytest.mark.parametrize(
    ("key", "question", "outcome", "left"),
    [
        ("r", "Run the email:welcome tasks", "45 tasks are pending now.", 1),
        ("a", "Archive the email:welcome tasks", "30 tasks are archived.", 46),
        ("d", "Delete the email:welcome tasks", "45 tasks are deleted.", 1),
    ],
)
async def test_acts_on_a_whole_group_after_a_question(
    key: str, question: str, outcome: str, left: int
) -> None:
    installation = await burning_installation()

    async with dash_on(installation) as dash:
        await open_failures(dash)
        await dash.sees("email:welcome")
        await dash.press(key)
        await dash.sees(question)
        await dash.press("n", key)
        await dash.sees(question)
        await dash.press("y")
        await dash.sees(outcome)

    assert (await installation.inspector.failures()).total == left
    assert {entry.operator for entry in installation.audit_trail.entries} == {"cli:ada@desk"}


@pytest.mark.long
async def test_acts_on_the_group_that_is_open() -> None:
    installation = await burning_installation()

    async with dash_on(installation) as dash:
        await open_failures(dash)
        await dash.sees("email:welcome")
        await dash.press("enter")
        await dash.sees("welcome-44")
        await dash.press("d")
        await dash.sees("Delete the email:welcome tasks")
        await dash.press("y")
        await dash.sees("Failures 3f2a90c41b7e", "! ")


async def test_without_failures_it_says_so() -> None:
    async with dash_on(FakeInstallation()) as dash:
        await open_failures(dash)
        await dash.sees("No task has failed.")
