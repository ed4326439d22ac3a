import asyncio
from typing import Literal

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.schedule_view import view_of
from internal.infrastructure.http.web.form import Form
from internal.infrastructure.http.web.page import see_other
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_schedules import EqualTaskExists
from internal.ports.unavailable import Unavailable

_PATH = "/dashboard/schedules"


class ScheduleForm(Form, frozen=True, kw_only=True):
    name: str
    action: Literal["run", "pause", "resume"]


class SchedulesController(Controller):
    path = "/schedules"

    @get()
    async def page(
        self, frame: NamedDependency[Frame], tasks: SkipValidation[NamedDependency[TaskInspector]]
    ) -> Template:
        try:
            infos = await tasks.schedules()
            schedules = await asyncio.gather(*(view_of(info, tasks, now=frame.snapshot.at) for info in infos))
        except Unavailable:
            return frame.page("schedules.html", schedules=None)
        return frame.page("schedules.html", schedules=schedules)

    @post(opt=access(Permission.MANAGE_TASKS))
    async def act(
        self, data: URLEncodedBody[ScheduleForm], tasks: SkipValidation[NamedDependency[TaskInspector]]
    ) -> Redirect:
        match data.action:
            case "run":
                return see_other(f"{_PATH}?notice={await _run(tasks, data.name)}")
            case "pause":
                await tasks.pause_schedule(data.name)
                return see_other(f"{_PATH}?notice=schedule-paused")
            case "resume":
                await tasks.resume_schedule(data.name)
                return see_other(f"{_PATH}?notice=schedule-resumed")


async def _run(tasks: TaskInspector, name: str) -> str:
    """The name of the notice that says what happened."""
    try:
        await tasks.run_schedule(name)
    except EqualTaskExists:
        return "schedule-busy"
    return "schedule-run"
