from urllib.parse import quote

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from internal.domain.role import Permission
from internal.infrastructure.http.access import access
from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.trend import queue_chart, queue_total
from internal.infrastructure.http.dashboard.trends import Trends
from internal.infrastructure.http.web.form import Form
from internal.infrastructure.http.web.page import see_other
from internal.infrastructure.monitoring.health import LONG_WAIT
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.ports.task_inspector import QueueNotEmpty, TaskInspector

DAYS = 14


class BackForm(Form, frozen=True, kw_only=True):
    """`back` is "overview" if the form is not on the page of the queue."""

    back: str = ""


class QueueController(Controller):
    path = "/queues/{name:str}"

    @get()
    async def page(
        self,
        name: FromPath[str],
        frame: NamedDependency[Frame],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        trends: SkipValidation[NamedDependency[Trends]],
    ) -> Template:
        queue = await tasks.queue(name)
        hour = await trends.hour()
        days = await tasks.history(name, days=DAYS)
        busiest = max(day.processed + day.failed for day in days)
        servers = [worker for worker in frame.snapshot.workers or () if name in worker.queues]
        return frame.page(
            "queue.html",
            queue=queue,
            chart=queue_chart(name, hour) if hour else None,
            hour=queue_total(name, hour) if hour else None,
            days=days,
            busiest=busiest,
            servers=servers,
            long_wait=queue.latency >= LONG_WAIT,
        )

    @post("/pause", opt=access(Permission.MANAGE_TASKS))
    async def pause(
        self,
        name: FromPath[str],
        data: URLEncodedBody[BackForm],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        snapshots: SkipValidation[NamedDependency[Snapshots]],
    ) -> Redirect:
        await tasks.pause(name)
        snapshots.forget()
        return see_other(f"{_back(data, name)}?notice=queue-paused")

    @post("/resume", opt=access(Permission.MANAGE_TASKS))
    async def resume(
        self,
        name: FromPath[str],
        data: URLEncodedBody[BackForm],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        snapshots: SkipValidation[NamedDependency[Snapshots]],
    ) -> Redirect:
        await tasks.resume(name)
        snapshots.forget()
        return see_other(f"{_back(data, name)}?notice=queue-resumed")

    @get("/remove", opt=access(Permission.MANAGE_TASKS))
    async def confirm_removal(
        self,
        name: FromPath[str],
        frame: NamedDependency[Frame],
        tasks: SkipValidation[NamedDependency[TaskInspector]],
    ) -> Template:
        return frame.page("queue_removal.html", queue=await tasks.queue(name))

    @post("/remove", opt=access(Permission.MANAGE_TASKS))
    async def remove(
        self,
        name: FromPath[str],
        data: URLEncodedBody[Form],  # noqa: ARG002 - its CSRF token was read already
        tasks: SkipValidation[NamedDependency[TaskInspector]],
        snapshots: SkipValidation[NamedDependency[Snapshots]],
    ) -> Redirect:
        """A queue that has tasks by now stays, and the page says so."""
        try:
            await tasks.remove_queue(name)
        except QueueNotEmpty:
            return see_other(f"{_address(name)}/remove")
        snapshots.forget()
        return see_other("/dashboard?notice=queue-removed")


def _address(name: str) -> str:
    return f"/dashboard/queues/{quote(name, safe='')}"


def _back(form: BackForm, name: str) -> str:
    return "/dashboard" if form.back == "overview" else _address(name)
