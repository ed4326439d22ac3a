from dataclasses import replace
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Redirect, Template

from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.task_query import SIZES, SPANS, STATES, TaskQuery
from internal.infrastructure.http.task_address import task_address
from internal.infrastructure.http.web.page import see_other
from internal.infrastructure.monitoring.personal_data import masked_text
from internal.ports.task_inspector import TaskFilter, TaskInspector, TaskNotFound
from internal.ports.tasks import Queue


@get("/tasks")
async def task_list(
    request: Request[Any, Any, Any],
    frame: NamedDependency[Frame],
    tasks: SkipValidation[NamedDependency[TaskInspector]],
) -> Template | Redirect:
    queue = _first_queue(frame)
    query = TaskQuery.of(request.query_params, queue=queue, may_search_payloads=frame.can_act)
    sought = request.query_params.get("id", "").strip()
    found = await _queue_with(tasks, sought, frame) if sought else None
    if found:
        return see_other(task_address(found, sought))
    if not queue:
        return frame.page("no_tasks.html")
    try:
        listed = await tasks.tasks(
            query.queue,
            query.state,
            newest_first=query.order == "newest",
            size=query.size,
            cursor=query.cursor or None,
            only=_filter_for(frame, query),
        )
    except ValueError:
        # The cursor is not one of this list.
        return see_other(query.first())
    sizes = next((info.sizes for info in frame.snapshot.queues or () if info.name == query.queue), {})
    return frame.page(
        "tasks.html",
        query=query,
        listed=listed,
        sizes=sizes,
        states=STATES,
        spans=SPANS,
        page_sizes=SIZES,
        sought=sought,
    )


def _filter_for(frame: Frame, query: TaskQuery) -> TaskFilter | None:
    """A viewer searches errors as the page shows them: else the number of matches tells what is masked."""
    only = query.only(frame.snapshot.at)
    return only if frame.can_act or only is None else replace(only, mask=masked_text)


def _first_queue(frame: Frame) -> str:
    names = [queue.name for queue in frame.snapshot.queues or ()]
    return Queue.DEFAULT if Queue.DEFAULT in names else next(iter(names), "")


async def _queue_with(tasks: TaskInspector, task_id: str, frame: Frame) -> str | None:
    for queue in frame.snapshot.queues or ():
        try:
            return (await tasks.task(queue.name, task_id)).queue
        except TaskNotFound:
            continue
    return None
