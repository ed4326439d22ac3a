"""Actions on chosen tasks: a question first, then the true result."""

from urllib.parse import quote

from litestar import post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.chosen_form import ChosenForm
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.task_address import task_address
from internal.infrastructure.http.web.page import see_other
from internal.infrastructure.monitoring.outcome import Outcome
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.ports.task_inspector import TaskAction, TaskInspector


class ActionForm(ChosenForm, frozen=True, kw_only=True):
    """`back` is "task" on the page of a task."""

    queue: str
    action: TaskAction
    back: str = ""

    @property
    def needs_question(self) -> bool:
        return not self.is_confirmed and (len(self.ids) > 1 or self.action is TaskAction.DELETE)


@post("/tasks/act", opt=access(Permission.MANAGE_TASKS), status_code=200)
async def act_on_tasks(
    data: URLEncodedBody[ActionForm],
    frame: NamedDependency[Frame],
    tasks: SkipValidation[NamedDependency[TaskInspector]],
    snapshots: SkipValidation[NamedDependency[Snapshots]],
) -> Template | Redirect:
    if not data.ids or data.needs_question:
        return frame.page("task_question.html", form=data)
    result = await tasks.act(data.action, data.queue, data.ids)
    snapshots.forget()
    if data.back == "task" and result.done:
        return see_other(f"{_after(data)}notice=task-{data.action}")
    outcome = Outcome(data.action).plus(result)
    return frame.page(
        "task_result.html",
        outcome=outcome,
        queue=data.queue,
        refused=result.refused,
        back=_list_of(data.queue),
        back_text="Back to the tasks",
    )


def _after(form: ActionForm) -> str:
    """The page of the task; the list, if the task is deleted."""
    if form.action is TaskAction.DELETE:
        return f"{_list_of(form.queue)}&"
    return f"{task_address(form.queue, form.ids[0])}?"


def _list_of(queue: str) -> str:
    return f"/dashboard/tasks?queue={quote(queue, safe='')}"
