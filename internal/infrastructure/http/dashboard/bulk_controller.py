"""Actions on all tasks that match, in steps: each request does one, and its page leads to the next."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template
from msgspec import Meta

from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.task_query import LARGEST, TaskQuery
from internal.infrastructure.http.web.form import Form
from internal.infrastructure.monitoring.outcome import Outcome
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.ports.task_inspector import APPLIES_TO, ActionStep, TaskAction, TaskFilter, TaskInspector
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable

# The most of a page, so that most numbers are exact.
MOST_COUNTED = 500

# The fields of a form that say which tasks an action is for.
FILTERS = ("name", "error", "payload", "since", "until")

Number = Annotated[int, Meta(ge=0, le=LARGEST)]


class StepForm(Form, frozen=True, kw_only=True):
    """Where an action is, and what it did so far. The browser keeps it, so that it survives a restart.

    total: the number of tasks in the state at the beginning.
    reasons: JSON of the reasons of refusals and their numbers.
    """

    queue: str
    state: TaskState
    action: TaskAction
    name: str = ""
    error: str = ""
    payload: str = ""
    since: str = ""
    until: str = ""
    total: Number = 0
    cursor: str = ""
    looked_at: Number = 0
    done: Number = 0
    reasons: Annotated[str, Meta(max_length=10_000)] = "{}"

    @property
    def query(self) -> TaskQuery:
        given = {name: getattr(self, name) for name in FILTERS}
        return TaskQuery(queue=self.queue, state=self.state, **given)

    def only(self, now: datetime) -> TaskFilter | None:
        try:
            return self.query.only(now)
        except ValueError as error:
            raise ValidationException("The field since or until is malformed") from error

    @property
    def outcome(self) -> Outcome:
        try:
            reasons = msgspec.json.decode(self.reasons, type=dict[str, Number])
        except msgspec.DecodeError as error:
            raise ValidationException("The field reasons is malformed") from error
        return Outcome(self.action, self.done, reasons)


class BulkController(Controller):
    path = "/tasks/all"
    opt = access(Permission.MANAGE_TASKS)

    @get()
    async def question(
        self,
        request: Request[Any, Any, Any],
        action: FromQuery[TaskAction],
        frame: NamedDependency[Frame],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
    ) -> Template:
        """Ask, and show how many tasks there are: as many as one page can find, if there is a filter."""
        now = frame.snapshot.at
        query = TaskQuery.of(request.query_params, queue="", may_search_payloads=True)
        if ignored := query.ignores(request.query_params):
            # Without a filter, the action would be for more tasks.
            raise ValidationException(f"{', '.join(ignored)}: malformed")
        query = query.at(now)
        if query.state not in APPLIES_TO[action]:
            raise ValidationException(f"{action} applies to {', '.join(sorted(APPLIES_TO[action]))} tasks")
        total = (await tasks.queue(query.queue)).sizes.get(query.state, 0)
        only = query.only(now)
        found = await tasks.tasks(query.queue, query.state, size=MOST_COUNTED, only=only) if only else None
        return frame.page(
            "bulk_question.html",
            action=action,
            filters=FILTERS,
            query=query,
            total=total,
            found=len(found.tasks) if found else total,
            looked_at=found.looked_at if found else 0,
            is_exact=found is None or found.next is None,
        )

    @post(status_code=200)
    async def step(
        self,
        data: URLEncodedBody[StepForm],
        frame: NamedDependency[Frame],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        snapshots: SkipValidation[NamedDependency[Snapshots]],
    ) -> Template:
        so_far, only = data.outcome, data.only(frame.snapshot.at)
        try:
            step = await _step(tasks, data, only)
        except Unavailable:
            # Actions cannot be repeated by mistake, so the same step can be sent again.
            return _progress(frame, data, so_far, cursor=data.cursor, is_interrupted=True)
        snapshots.forget()
        outcome = so_far.plus(step.result)
        if step.next is None:
            return frame.page(
                "task_result.html", outcome=outcome, queue=data.queue, refused={}, back=data.query.first()
            )
        reached = msgspec.structs.replace(data, looked_at=min(data.looked_at + step.looked_at, LARGEST))
        return _progress(frame, reached, outcome, cursor=step.next, is_interrupted=False)


async def _step(tasks: TaskInspector, form: StepForm, only: TaskFilter | None) -> ActionStep:
    try:
        return await tasks.act_on_next(
            form.action, form.queue, form.state, cursor=form.cursor or None, only=only
        )
    except ValueError as error:
        raise ValidationException("The field cursor is malformed") from error


def _progress(
    frame: Frame, form: StepForm, outcome: Outcome, *, cursor: str, is_interrupted: bool
) -> Template:
    return frame.page(
        "bulk_progress.html",
        form=form,
        filters=FILTERS,
        outcome=outcome,
        cursor=cursor,
        reasons=msgspec.json.encode(outcome.reasons).decode(),
        is_interrupted=is_interrupted,
    )
