from typing import Literal

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.web.form import Form
from internal.infrastructure.http.web.page import see_other
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_workers import WorkerTooOld


class WorkerForm(Form, frozen=True, kw_only=True):
    id: str
    action: Literal["quiet", "resume"]


class WorkersController(Controller):
    path = "/workers"

    @get(sync_to_thread=False)
    def page(self, frame: NamedDependency[Frame]) -> Template:
        return frame.page("workers.html")

    @post(opt=access(Permission.MANAGE_TASKS))
    async def act(
        self,
        data: URLEncodedBody[WorkerForm],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        snapshots: SkipValidation[NamedDependency[Snapshots]],
    ) -> Redirect:
        act = tasks.quiet_worker if data.action == "quiet" else tasks.resume_worker
        try:
            await act(data.id)
        except WorkerTooOld:
            return see_other("/dashboard/workers?notice=worker-too-old")
        snapshots.forget()
        return see_other(f"/dashboard/workers?notice=worker-{data.action}")
