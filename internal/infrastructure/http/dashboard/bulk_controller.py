"""Actions on all tasks of a state that match, in steps."""

from datetime import datetime
from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Template

from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.steps import StepForm, Way, take_step
from internal.infrastructure.http.dashboard.task_query import TaskQuery
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.ports.task_inspector import APPLIES_TO, ActionStep, TaskAction, TaskFilter, TaskInspector
from internal.ports.tasks import TaskState

# The most of a page, so that most numbers are exact.
MOST_COUNTED = 500

# The fields of a form that say which tasks an action is for.
FILTERS = ("name", "error", "payload", "since", "until")


class MatchForm(StepForm, frozen=True, kw_only=True):
    """The tasks that an action is for."""

    queue: str
    state: TaskState
    name: str = ""
    error: str = ""
    payload: str = ""
    since: str = ""
    until: str = ""

    @property
    def query(self) -> TaskQuery:
        given = {name: getattr(self, name) for name in FILTERS}
        return TaskQuery(queue=self.queue, state=self.state, **given)

    def only(self, now: datetime) -> TaskFilter | None:
        try:
            return self.query.only(now)
        except ValueError as error:
            raise ValidationException("The field since or until is malformed") from error


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
        data: URLEncodedBody[MatchForm],
        frame: NamedDependency[Frame],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        snapshots: SkipValidation[NamedDependency[Snapshots]],
    ) -> Template:
        only = data.only(frame.snapshot.at)

        async def act() -> ActionStep:
            return await tasks.act_on_next(
                data.action, data.queue, data.state, cursor=data.cursor or None, only=only
            )

        return await take_step(data, _way_of(data), act, frame=frame, snapshots=snapshots)


def _way_of(form: MatchForm) -> Way:
    tasks = form.query.first()
    return Way(
        address="/dashboard/tasks/all",
        among=f"{form.state} tasks of {form.queue}",
        stop=tasks,
        back=tasks,
        back_text="Back to the tasks",
        fields=("queue", "state", *FILTERS),
    )
