"""`/dashboard/enqueue`: choose a task, fill in its form, publish it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from internal.application.admin.enqueue_task import EnqueueTask, EnqueueTaskCommand
from internal.application.audit import Audit
from internal.domain.errors import NotFound
from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.enqueue_form import EnqueueForm, TaskChoice, new_form, sent_form
from internal.infrastructure.http.dashboard.form_field import Typed, sentence
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.web.form import Refusal
from internal.infrastructure.http.web.page import see_other
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.infrastructure.tasks.codec import TaskCodec, UnknownTask
from internal.infrastructure.tasks.encoded_task import InvalidPayload
from internal.ports.tasks import Task, TaskOverrides, TaskReceipt
from internal.ports.unavailable import Unavailable

_PATH = "/dashboard/enqueue"
_PAGE = "enqueue.html"
_RESULTS = ("stored", "enqueued", "duplicate")

# A form has one value as text, several as a list.
Sent = dict[str, str | list[str]]


class EnqueueController(Controller):
    path = "/enqueue"

    @get()
    async def page(
        self,
        request: Request[Any, Any, Any],
        frame: NamedDependency[Frame],
        codec: SkipValidation[NamedDependency[TaskCodec]],
        task_queues: SkipValidation[NamedDependency[Sequence[str]]],
        new_id: SkipValidation[NamedDependency[Callable[[], UUID]]],
    ) -> Template:
        name = request.query_params.get("task", "")
        if not name or not frame.can_act:
            return frame.page("enqueue_tasks.html", is_live=False, tasks=_choices(codec))
        form = new_form(_task_type(codec, name), form_id=str(new_id()), queues=task_queues)
        return _page(frame, form, done=_done(request.query_params))

    @post("/preview", opt=access(Permission.MANAGE_TASKS), status_code=200)
    async def preview(
        self,
        data: URLEncodedBody[Sent],
        frame: NamedDependency[Frame],
        codec: SkipValidation[NamedDependency[TaskCodec]],
        task_queues: SkipValidation[NamedDependency[Sequence[str]]],
    ) -> Template:
        """Show the command that does the same, and what does not fit yet."""
        form, _ = _read(data, codec, task_queues)
        return _page(frame, form, is_previewed=True)

    @post(opt=access(Permission.MANAGE_TASKS))
    async def enqueue(
        self,
        data: URLEncodedBody[Sent],
        frame: NamedDependency[Frame],
        codec: SkipValidation[NamedDependency[TaskCodec]],
        task_queues: SkipValidation[NamedDependency[Sequence[str]]],
        enqueue_task: SkipValidation[NamedDependency[EnqueueTask]],
        audit: SkipValidation[NamedDependency[Audit]],
        snapshots: SkipValidation[NamedDependency[Snapshots]],
    ) -> Template | Redirect:
        form, task = _read(data, codec, task_queues)
        if task is None:
            return _page(frame, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        overrides: TaskOverrides = {"task_id": form.id or None, **form.overrides}
        command = EnqueueTaskCommand(audit=audit, task=task, overrides=overrides, is_direct=form.is_direct)
        try:
            receipt = await enqueue_task(command)
        except ValueError as error:
            wrong = replace(form, problem=sentence(str(error)))
            return _page(frame, wrong, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        except Unavailable as error:
            refusal = Refusal.of(error)
            return _page(frame, replace(form, problem=refusal.message or ""), status=refusal.status)
        snapshots.forget()
        return see_other(_result_address(form, receipt))


def _page(
    frame: Frame,
    form: EnqueueForm,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    is_previewed: bool = False,
    done: Mapping[str, str] | None = None,
) -> Template:
    return frame.page(_PAGE, status=status, is_live=False, form=form, is_previewed=is_previewed, done=done)


def _read(data: Sent, codec: TaskCodec, queues: Sequence[str]) -> tuple[EnqueueForm, Task | None]:
    """The form as it was sent, and the task if everything fits."""
    typed: Typed = {name: text if isinstance(text, str) else text[-1] for name, text in data.items()}
    form = sent_form(_task_type(codec, typed.get("task", "")), typed, queues=queues)
    if not form.is_valid:
        return form, None
    try:
        return form, codec.decode(form.name, dict(form.payload))
    except InvalidPayload as error:
        return replace(form, problem=sentence(str(error))), None


def _task_type(codec: TaskCodec, name: str) -> type[Task]:
    try:
        return codec.task_type(name)
    except UnknownTask as error:
        raise NotFound(f"There is no task {name!r}") from error


def _choices(codec: TaskCodec) -> Sequence[TaskChoice]:
    return [TaskChoice.of(codec.task_type(name)) for name in codec.names]


def _result_address(form: EnqueueForm, receipt: TaskReceipt) -> str:
    result = "duplicate" if receipt.duplicate else "enqueued" if form.is_direct else "stored"
    query = {"task": form.name, "result": result, "queue": receipt.queue, "id": receipt.id}
    return f"{_PATH}?{urlencode(query)}"


def _done(given: Mapping[str, str]) -> Mapping[str, str] | None:
    """What the form did that led here. The address cannot choose the text."""
    if given.get("result") not in _RESULTS:
        return None
    return {name: given.get(name, "") for name in ("result", "queue", "id")}
