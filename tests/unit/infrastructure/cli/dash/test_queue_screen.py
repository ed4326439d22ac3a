import pytest

from internal.ports.tasks import TaskState
from tests.support.dash_terminal import Dash, dash_on
from tests.support.operator_terminal import FakeInstallation, a_task

pytestmark = pytest.mark.anyio


def installation_with(*states: TaskState) -> FakeInstallation:
    installation = FakeInstallation()
    installation.inspector.add(*(a_task(f"{state}-task", state) for state in states))
    return installation


def states(installation: FakeInstallation) -> dict[str, str]:
    return {task.id: task.state for task in installation.inspector.known("default")}


async def open_queue(dash: Dash) -> None:
    await dash.sees("default ")
    await dash.press("enter")
    await dash.sees("Queue default")


@pytest.mark.long
async def test_lists_the_tasks_by_state() -> None:
    installation = installation_with(TaskState.PENDING, TaskState.RETRY, TaskState.COMPLETED)

    async with dash_on(installation) as dash:
        await open_queue(dash)
        await dash.sees("[all]  pending 1  active  scheduled  retry 1  archived  completed 1", "retry-task")
        await dash.press("l")
        await dash.sees("[pending 1]", "PUBLISHED", "pending-task")
        await dash.press("right")
        await dash.sees("[active]", "There are no active tasks.")
        await dash.press("h", "h", "left")
        await dash.sees("[completed 1]", "EXPIRES", "completed-task")
        await dash.press("escape")
        await dash.sees(" Overview ")


@pytest.mark.long
async def test_pages_by_cursors_and_stays_on_its_page() -> None:
    installation = FakeInstallation()
    installation.inspector.add(*(a_task(f"task-{number:02}") for number in range(70)))

    async with dash_on(installation) as dash:
        await open_queue(dash)
        await dash.sees("task-69", "Page 1, n: next page")
        await dash.press("p")
        await dash.press("n")
        await dash.sees("task-39", "Page 2, n: next page")
        await dash.press("n")
        await dash.sees("task-09", "Page 3, the last page")
        await dash.press("n")
        installation.inspector.add(a_task("newest"))
        await dash.sees("pending 71", "task-09", "Page 3")
        await dash.press("p", "p")
        await dash.sees("newest", "Page 1")


@pytest.mark.parametrize(
    ("key", "state", "question", "outcome", "now"),
    [
        ("r", TaskState.RETRY, "Run the task email:welcome", "1 task is pending now", "pending"),
        ("a", TaskState.PENDING, "Archive the task email:welcome", "1 task is archived", "archived"),
        ("d", TaskState.ARCHIVED, "Delete the task email:welcome", "1 task is deleted", None),
        ("c", TaskState.ACTIVE, "Cancel the task email:welcome", "1 task is being cancelled", "active"),
    ],
)
async def test_acts_on_the_chosen_task_after_a_question(
    key: str, state: TaskState, question: str, outcome: str, now: str | None
) -> None:
    installation = installation_with(state)
    before = states(installation)

    async with dash_on(installation) as dash:
        await open_queue(dash)
        await dash.sees(f"{state}-task")
        await dash.press(key)
        await dash.sees(question)
        await dash.press("enter", key)
        assert states(installation) == before
        await dash.press("y")
        await dash.sees(outcome)

    assert states(installation).get(f"{state}-task") == now
    assert [entry.operator for entry in installation.audit_trail.entries] == ["cli:ada@desk"]


async def test_says_when_an_action_does_not_apply() -> None:
    async with dash_on(installation_with(TaskState.COMPLETED)) as dash:
        await open_queue(dash)
        await dash.sees("completed-task")
        await dash.press("c")
        await dash.sees("cancel works on active tasks, and this one is completed.")


async def test_says_why_a_task_was_refused() -> None:
    installation = installation_with(TaskState.RETRY)

    async with dash_on(installation) as dash:
        await open_queue(dash)
        await dash.sees("retry-task")
        await dash.press("r")
        await dash.sees("Run the task")
        await installation.inspector.remove_queue("default", force=True)
        await dash.press("y")
        shown = await dash.sees("! there is no queue default")

    assert "retry-task" in shown


async def test_hides_personal_data_in_errors() -> None:
    installation = FakeInstallation()
    error = "SMTPError: ada@example.com was refused"
    installation.inspector.add(a_task("task-1", TaskState.ARCHIVED, last_error=error))

    async with dash_on(installation) as dash:
        await open_queue(dash)
        shown = await dash.sees("SMTPError: ••• was ref")

    assert "ada@" not in shown
