"""`task ls` and `task inspect`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.options import (
    AsJson,
    InAnyState,
    InQueue,
    State,
)
from internal.infrastructure.cli.arguments.task_filter_options import (
    ErrorHas,
    FilterOptions,
    Name,
    PayloadHas,
    Since,
    Until,
)
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.output import json_output
from internal.infrastructure.cli.output.attempt_text import attempt_text
from internal.infrastructure.cli.output.console import print_line, show_fields, show_json, show_table
from internal.infrastructure.cli.output.failures import on_queue
from internal.infrastructure.cli.output.neighbour_texts import neighbour_texts
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_inspector import TaskPage
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState

Cell = Callable[[TaskInfo, datetime], str]


def list_tasks(
    context: typer.Context,
    *,
    queue: InQueue,
    state: InAnyState = None,
    name: Name = None,
    payload: PayloadHas = None,
    error: ErrorHas = None,
    since: Since = None,
    until: Until = None,
    size: Annotated[int, typer.Option(min=1, max=500, help="Maximum number of tasks.")] = 30,
    cursor: Annotated[str | None, typer.Option(help="Cursor from the end of the previous page.")] = None,
    oldest_first: Annotated[
        bool, typer.Option("--oldest-first", help="List the oldest tasks first.")
    ] = False,
    show_payload: Annotated[
        bool, typer.Option("--show-payload", help="Show payloads and results. They may be personal data.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the tasks of a queue, in all states or in one.

    Newest first; in scheduled and retry, the tasks that are due last come first.
    Without a state: pending, active, scheduled, retry, archived, completed.
    A filtered page may be short although more pages follow.
    Payloads are shown only with --show-payload.

    Examples:
      python -m cmd.admin task ls -q default
      python -m cmd.admin task ls -q default -s retry --error timeout
      python -m cmd.admin task ls -q default -s archived --since 1h
      python -m cmd.admin task ls -q low -s pending --oldest-first --json
    """
    listing = _Listing(
        queue=queue,
        state=TaskState(state) if state else None,
        given=FilterOptions(name=name, payload=payload, error=error, since=since, until=until),
        newest_first=not oldest_first,
        size=size,
        cursor=cursor,
    )
    try:
        found, now = run(context, listing.page)
    except ValueError as problem:
        raise typer.BadParameter(f"{problem}.", param_hint="'--cursor'") from problem
    if as_json:
        _show_json(found, queue, state, show_payload=show_payload)
    else:
        _show_page(found, state, now=now, show_payload=show_payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    queue: str
    state: TaskState | None
    given: FilterOptions
    newest_first: bool
    size: int
    cursor: str | None

    async def page(self, tools: Tools) -> tuple[TaskPage, datetime]:
        """The page, and the time that its ages refer to."""
        now = tools.clock.now()
        listed = tools.inspector.tasks(
            self.queue,
            self.state,
            newest_first=self.newest_first,
            size=self.size,
            cursor=self.cursor,
            only=self.given.at(now),
        )
        return await on_queue(tools.inspector, self.queue, listed), now


def _show_json(page: TaskPage, queue: str, state: State | None, *, show_payload: bool) -> None:
    tasks = [json_output.task(task, with_payload=show_payload) for task in page.tasks]
    show_json({"queue": queue, "state": state, "tasks": tasks, "next": page.next})


def _show_page(page: TaskPage, state: State | None, *, now: datetime, show_payload: bool) -> None:
    cells = CELLS[state] if state else ALL_STATES
    if show_payload:
        cells = [*cells, (Column("PAYLOAD", is_text=True), _payload)]
    rows = [[cell(task, now) for _, cell in cells] for task in page.tasks]
    nothing = f"There are no {state} tasks." if state else "There are no tasks."
    empty = nothing if page.next is None else "No matches on this page."
    show_table([column for column, _ in cells], rows, empty=empty)
    if page.next is not None:
        print_line(f"Next page: --cursor {page.next}")


def _retries(task: TaskInfo, _: datetime) -> str:
    return str(task.retries) if task.max_retries is None else f"{task.retries}/{task.max_retries}"


def _status(task: TaskInfo, _: datetime) -> str:
    return "orphaned" if task.is_orphaned else "cancelling" if task.is_cancelled else "running"


def _error(task: TaskInfo, _: datetime) -> str:
    return task.last_error or humanize.NOTHING


def _payload(task: TaskInfo, _: datetime | None = None) -> str:
    """The payload as JSON, or the bytes of an unreadable message."""
    if task.raw is not None:
        return task.raw.decode(errors="backslashreplace")
    return json.dumps(task.payload, ensure_ascii=False)


def _at(attribute: Callable[[TaskInfo], datetime | None]) -> Cell:
    return lambda task, now: humanize.relative_time(attribute(task), now=now)


_ID = (Column("ID"), lambda task, _: task.id)
_NAME = (Column("NAME", is_text=True), lambda task, _: task.name or "(unreadable)")
_RETRIES = (Column("RETRIES", is_number=True, is_optional=True), _retries)
_DUE = (Column("DUE"), _at(lambda task: task.due))
_ERROR = (Column("LAST ERROR", is_text=True), _error)
ALL_STATES: Sequence[tuple[Column, Cell]] = [
    _ID,
    _NAME,
    (Column("STATE"), lambda task, _: str(task.state)),
    (Column("PUBLISHED", is_optional=True), _at(lambda task: task.published_at)),
    _RETRIES,
    _ERROR,
]
CELLS: Mapping[State, Sequence[tuple[Column, Cell]]] = {
    State.PENDING: [_ID, _NAME, (Column("PUBLISHED"), _at(lambda task: task.published_at)), _RETRIES],
    State.ACTIVE: [
        _ID,
        _NAME,
        (Column("STATUS"), _status),
        (Column("STARTED"), _at(lambda task: task.started_at)),
        (Column("DEADLINE", is_optional=True), _at(lambda task: task.deadline)),
        (Column("WORKER", is_optional=True), lambda task, _: task.worker or humanize.NOTHING),
    ],
    State.SCHEDULED: [_ID, _NAME, _DUE, _RETRIES],
    State.RETRY: [_ID, _NAME, _DUE, _RETRIES, _ERROR],
    State.ARCHIVED: [_ID, _NAME, (Column("FAILED"), _at(lambda task: task.last_failed_at)), _RETRIES, _ERROR],
    State.COMPLETED: [
        _ID,
        _NAME,
        (Column("COMPLETED"), _at(lambda task: task.completed_at)),
        (Column("EXPIRES"), _at(lambda task: task.expires_at)),
    ],
}


def inspect_task(
    context: typer.Context,
    task_id: Annotated[str, typer.Argument(metavar="ID", help="The task's id.", show_default=False)],
    *,
    queue: InQueue,
    as_json: AsJson = False,
) -> None:
    """Show everything about one task.

    The output includes the payload, which may be personal data.

    Examples:
      python -m cmd.admin task inspect -q default ID
    """

    async def read(tools: Tools) -> tuple[TaskInfo, datetime]:
        return await on_queue(tools.inspector, queue, tools.inspector.task(queue, task_id)), tools.clock.now()

    task, now = run(context, read)
    if as_json:
        show_json({"task": json_output.task(task, with_payload=True)})
    else:
        show_fields(task_fields(task, now))


def task_fields(task: TaskInfo, now: datetime) -> Sequence[tuple[str, str]]:
    """Empty fields are left out."""
    fields = {
        "id": task.id,
        "name": task.name,
        "queue": task.queue,
        "state": _state(task, now),
        "published": _absolute_time(task.published_at, now),
        "due": _absolute_time(task.due, now),
        "started": _absolute_time(task.started_at, now),
        "worker": task.worker,
        "deadline": _absolute_time(task.deadline, now),
        "timeout": humanize.duration(task.timeout) if task.timeout else None,
        "retries": _retries(task, now),
        "crashes": str(task.crashes) if task.crashes else None,
        "retention": humanize.duration(task.retention) if task.retention else None,
        "unique": _unique(task),
        **neighbour_texts(task.neighbours),
        "completed": _absolute_time(task.completed_at, now),
        "expires": _absolute_time(task.expires_at, now),
        "headers": json.dumps(dict(task.headers), ensure_ascii=False) if task.headers else None,
        "payload" if task.raw is None else "raw message": _payload(task),
        "result": None if task.result is None else json.dumps(task.result, ensure_ascii=False),
        "last error": task.last_error,
        "last failed": _absolute_time(task.last_failed_at, now),
        "failure": task.failure.fingerprint if task.failure else None,
        "traceback": task.traceback.rstrip() if task.traceback else None,
        "history": _history(task, now),
    }
    return [(name, value) for name, value in fields.items() if value is not None]


def _absolute_time(at: datetime | None, now: datetime) -> str | None:
    return None if at is None else humanize.absolute_time(at, now=now)


def _state(task: TaskInfo, now: datetime) -> str:
    return f"{task.state}, {_status(task, now)}" if task.state is TaskState.ACTIVE else task.state


def _unique(task: TaskInfo) -> str | None:
    if task.unique_for is None:
        return None
    end = "even after it has ended" if task.unique_until == "expiry" else "or until it has ended"
    return f"for {humanize.duration(task.unique_for)}, {end}"


def _history(task: TaskInfo, now: datetime) -> str | None:
    return "\n".join(attempt_text(attempt, now=now) for attempt in task.history) or None
