from http import HTTPStatus
from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.failure_view import FailureView, address_of
from internal.infrastructure.http.dashboard.failures_controller import SharedFailures
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.steps import StepForm, Way, take_step
from internal.infrastructure.http.dashboard.traceback_view import lines_of
from internal.infrastructure.http.web.page import see_other
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.ports.task_failures import FailureGroup, FailureGroupNotFound
from internal.ports.task_inspector import APPLIES_TO, ActionStep, TaskAction, TaskInspector, TaskNotFound
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState

SIZE = 30
ACTIONS = (TaskAction.RUN, TaskAction.ARCHIVE, TaskAction.DELETE)

_FAILED = frozenset({TaskState.RETRY, TaskState.ARCHIVED})


class FailureController(Controller):
    path = "/failures/{fingerprint:str}"

    @get()
    async def page(
        self,
        request: Request[Any, Any, Any],
        fingerprint: FromPath[str],
        frame: NamedDependency[Frame],
        failures: SkipValidation[NamedDependency[SharedFailures]],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
    ) -> Template | Redirect:
        cursor = request.query_params.get("cursor") or None
        try:
            group = await tasks.failure(fingerprint)
            listed = await tasks.failed_tasks(fingerprint, size=SIZE, cursor=cursor)
        except FailureGroupNotFound:
            return _gone(frame, fingerprint)
        except ValueError:
            # The cursor is not one of this list.
            return see_other(address_of(fingerprint))
        sample = await _sample(tasks, group)
        return frame.page(
            "failure.html",
            view=FailureView(group, frame.snapshot.at),
            found=await failures.newest(),
            listed=listed,
            is_first_page=cursor is None,
            trace=list(lines_of(sample.traceback)) if sample and sample.traceback else [],
            actions=[action for action in ACTIONS if _applies(action, group)],
        )

    @get("/act", opt=access(Permission.MANAGE_TASKS))
    async def question(
        self,
        fingerprint: FromPath[str],
        action: FromQuery[TaskAction],
        frame: NamedDependency[Frame],
        failures: SkipValidation[NamedDependency[SharedFailures]],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
    ) -> Template:
        """Ask, and show how many tasks there are."""
        states = APPLIES_TO[action] & _FAILED
        if not states:
            raise ValidationException(f"{action} does not apply to failed tasks")
        try:
            group = await tasks.failure(fingerprint)
        except FailureGroupNotFound:
            return _gone(frame, fingerprint)
        total = frame.snapshot.count(*states)
        found = await failures.newest()
        return frame.page(
            "failure_question.html",
            action=action,
            view=FailureView(group, frame.snapshot.at),
            total=total,
            is_exact=found is None or found.looked_at == found.total,
        )

    @post("/act", opt=access(Permission.MANAGE_TASKS), status_code=200)
    async def step(
        self,
        fingerprint: FromPath[str],
        data: URLEncodedBody[StepForm],
        frame: NamedDependency[Frame],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        failures: SkipValidation[NamedDependency[SharedFailures]],
        snapshots: SkipValidation[NamedDependency[Snapshots]],
    ) -> Template:
        async def act() -> ActionStep:
            step = await tasks.act_on_failures(data.action, fingerprint, cursor=data.cursor or None)
            failures.forget()
            return step

        return await take_step(data, _way_of(fingerprint), act, frame=frame, snapshots=snapshots)


def _applies(action: TaskAction, group: FailureGroup) -> bool:
    return action is not TaskAction.ARCHIVE or group.retry > 0


def _way_of(fingerprint: str) -> Way:
    address = address_of(fingerprint)
    return Way(
        address=f"{address}/act",
        among="failed tasks",
        stop=address,
        back="/dashboard/failures",
        back_text="Back to the failures",
    )


def _gone(frame: Frame, fingerprint: str) -> Template:
    return frame.page("failure_gone.html", status=HTTPStatus.NOT_FOUND, fingerprint=fingerprint)


async def _sample(tasks: TaskInspector, group: FailureGroup) -> TaskInfo | None:
    """None: it has been deleted in the meantime."""
    try:
        return await tasks.task(group.queue, group.task_id)
    except TaskNotFound:
        return None
