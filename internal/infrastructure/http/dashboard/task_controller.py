from collections.abc import Sequence
from http import HTTPStatus
from shlex import quote
from typing import Any

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Template

from internal.application.audit import Audit
from internal.domain.role import Permission
from internal.domain.security_event import EventName
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.timeline import timeline_of
from internal.infrastructure.http.task_address import task_id_of
from internal.infrastructure.http.web.form import Form
from internal.infrastructure.monitoring.json_view import pieces_of
from internal.infrastructure.monitoring.personal_data import masked
from internal.ports.outbox_inspector import OutboxInspector, OutboxRow, OutboxRowNotFound
from internal.ports.task_inspector import APPLIES_TO, TaskAction, TaskInspector, TaskNotFound
from internal.ports.unavailable import Unavailable


class TaskController(Controller):
    path = "/tasks/{queue:str}/{segment:str}"

    @get()
    async def page(
        self,
        queue: FromPath[str],
        segment: FromPath[str],
        frame: NamedDependency[Frame],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        outbox: SkipValidation[NamedDependency[OutboxInspector]],
    ) -> Template:
        return await _page(queue, task_id_of(segment), frame, tasks, outbox, is_revealed=False)

    @post("/reveal", opt=access(Permission.MANAGE_TASKS), status_code=200)
    async def reveal(
        self,
        queue: FromPath[str],
        segment: FromPath[str],
        data: URLEncodedBody[Form],  # noqa: ARG002 - its CSRF token was read already
        frame: NamedDependency[Frame],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        outbox: SkipValidation[NamedDependency[OutboxInspector]],
        audit: SkipValidation[NamedDependency[Audit]],
    ) -> Template:
        """Show the payload unmasked, once, and record who has seen it."""
        task_id = task_id_of(segment)
        async with audit.action_on([task_id], EventName.TASKS_REVEAL_PAYLOAD, queue=queue):
            return await _page(queue, task_id, frame, tasks, outbox, is_revealed=True)


async def _page(
    queue: str,
    task_id: str,
    frame: Frame,
    tasks: TaskInspector,
    outbox: OutboxInspector,
    *,
    is_revealed: bool,
) -> Template:
    row, is_readable = await _row(outbox, task_id)
    context: dict[str, Any] = {"row": row, "is_readable": is_readable, "queue": queue, "id": task_id}
    try:
        task = await tasks.task(queue, task_id)
    except TaskNotFound:
        events = timeline_of(None, row)
        return frame.page("task_gone.html", status=HTTPStatus.NOT_FOUND, events=events, **context)
    hide = (lambda value: value) if is_revealed else masked
    actions = [action for action, states in APPLIES_TO.items() if task.state in states]
    return frame.page(
        "task.html",
        task=task,
        events=timeline_of(task, row),
        payload=pieces_of(hide(task.payload)),
        result=pieces_of(hide(task.result)),
        task_headers=hide({**task.headers}),
        actions=actions,
        commands=_commands(actions, queue, task_id),
        is_revealed=is_revealed,
        **context,
    )


def _commands(actions: Sequence[TaskAction], queue: str, task_id: str) -> Sequence[str]:
    """The same actions on the command line. An id with invisible characters cannot be shown as it is."""
    if not task_id.isprintable():
        return []
    return [f"./admin task {action} -q {quote(queue)} {quote(task_id)}" for action in actions]


async def _row(outbox: OutboxInspector, task_id: str) -> tuple[OutboxRow | None, bool]:
    """The task's row, if there is one, and whether the outbox could be asked."""
    try:
        return await outbox.row(task_id), True
    except OutboxRowNotFound:
        return None, True
    except Unavailable:
        return None, False
