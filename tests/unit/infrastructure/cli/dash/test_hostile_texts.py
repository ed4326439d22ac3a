"""Names, ids, payloads and errors may be any text. They are shown as text and break nothing."""

import pytest

from internal.ports.tasks import TaskState
from tests.support.dash_terminal import dash_on
from tests.support.operator_terminal import FakeInstallation, a_task

pytestmark = pytest.mark.anyio

HOSTILE = "[bold]x[/bold] [/] [link=file:///etc]y[/link] \x1b]0;title\x07\x1b[2J \u202egnp \x00"
SHOWN = r"[bold]x[/bold] [/] [link=file:///etc]y[/link] \x1b]0;title\x07\x1b[2J \u202egnp \x00"


async def test_shows_markup_and_control_characters_as_text() -> None:
    installation = FakeInstallation()
    installation.inspector.add(
        a_task(
            HOSTILE,
            TaskState.ARCHIVED,
            queue=f"q{HOSTILE}",
            name=HOSTILE,
            payload={HOSTILE: HOSTILE},
            headers={HOSTILE: HOSTILE},
            last_error=HOSTILE,
            traceback=f"{HOSTILE}\n{HOSTILE}",
            worker=HOSTILE,
        )
    )

    async with dash_on(installation, size=(120, 60)) as dash:
        await dash.sees("q[bold]x[/bold] [/]")
        await dash.press("P")
        await dash.sees("Pause the queue q[bold]x[/bold] [/] [link=file:///etc]y[/link]")
        await dash.press("n", "enter")
        await dash.sees("Queue q[bold]x", "archived 1")
        await dash.press("enter")
        shown = await dash.sees(f"Task {SHOWN}", f"name         {SHOWN}", f"last error   {SHOWN}")
        await dash.press("d")
        await dash.sees("Delete the task [bold]x[/bold]")

    assert r'"[bold]x[/bold] [/] [link=file:///etc]y[/link] \u001b]0;title' in shown
    assert shown.isprintable() or all(line.isprintable() for line in shown.splitlines())


async def test_cuts_what_is_huge() -> None:
    huge = "A" * 1_000_000
    installation = FakeInstallation()
    task = a_task(huge, TaskState.RETRY, name=huge, payload={"x": huge}, last_error=huge, traceback=huge)
    installation.inspector.add(task)

    async with dash_on(installation) as dash:
        await dash.sees("default ")
        await dash.press("enter")
        await dash.sees("retry 1", "AAAAAAAAAA")
        lines = dash.lines()
        await dash.press("enter")
        await dash.sees("Task AAAA", "id           AAAA")

    assert max(len(line) for line in lines) <= 80


async def test_wide_characters_do_not_push_columns_off_the_screen() -> None:
    installation = FakeInstallation()
    installation.inspector.add(a_task("宽" * 100, TaskState.RETRY, name="家" * 100, last_error="错" * 100))

    async with dash_on(installation) as dash:
        await dash.sees("default ")
        await dash.press("enter")
        await dash.sees("retry 1", "0/25", "错错")
