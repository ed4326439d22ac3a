"""`outbox stats`, `ls` and `inspect`."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.commands.outbox_actions import add_actions
from internal.infrastructure.cli.output import json_output
from internal.infrastructure.cli.output.console import print_line, show_fields, show_json, show_table
from internal.infrastructure.cli.output.failures import CommandGroup
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.outbox_inspector import OutboxPage, OutboxRow, OutboxState, OutboxStats
from internal.ports.task_inspector import TaskNotFound
from internal.ports.task_snapshots import TaskInfo
from internal.ports.unavailable import Unavailable

app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    help="Inspect, redrive and discard the tasks in the outbox.",
)
Cell = Callable[[OutboxRow, datetime], str]


def _at(attribute: Callable[[OutboxRow], datetime | None]) -> Cell:
    return lambda row, now: humanize.relative_time(attribute(row), now=now)


_COMMON: Sequence[tuple[Column, Cell]] = [
    (Column("ID"), lambda row, _: row.id),
    (Column("NAME", is_text=True), lambda row, _: row.name),
    (Column("QUEUE", is_optional=True), lambda row, _: row.queue),
    (Column("STORED"), _at(lambda row: row.stored_at)),
]
_ALL_STATES = [
    *_COMMON,
    (Column("STATE"), lambda row, _: str(row.state)),
    (Column("ENDED", is_optional=True), _at(lambda row: row.ended_at)),
]
_WAITING: Sequence[tuple[Column, Cell]] = [
    *_COMMON,
    (Column("FAILED", is_optional=True), _at(lambda row: row.last_failed_at)),
    (Column("LAST ERROR", is_text=True), lambda row, _: row.last_error or humanize.NOTHING),
]
_FORWARDED = [*_COMMON, (Column("FORWARDED"), _at(lambda row: row.forwarded_at))]
_ENDED = [*_COMMON, (Column("ENDED"), _at(lambda row: row.ended_at))]


@app.command()
def stats(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Count the waiting, forwarded and given-up rows.

    Done rows are not counted, because there may be millions.
    The last error says why an open row could not be enqueued or looked up.

    Examples:
      python -m cmd.admin outbox stats
      python -m cmd.admin outbox stats --json
    """

    async def read(tools: Tools) -> tuple[OutboxStats, datetime]:
        return await tools.outbox.stats(), tools.clock.now()

    counted, now = run(context, read)
    if as_json:
        show_json({"at": json_output.time(now), **json_output.outbox(counted)})
    else:
        show_fields(_stats(counted, now))


def _stats(counted: OutboxStats, now: datetime) -> Sequence[tuple[str, str]]:
    ages = {"oldest waiting": counted.oldest_waiting, "oldest open": counted.oldest_open}
    return [
        ("waiting", f"{humanize.count(counted.waiting)} (not enqueued to Redis yet)"),
        ("forwarded", f"{humanize.count(counted.forwarded)} (enqueued, not ended)"),
        ("given up", humanize.count(counted.given_up)),
        *((name, humanize.NOTHING if age is None else humanize.duration(age)) for name, age in ages.items()),
        ("last error", counted.last_error or humanize.NOTHING),
        ("last failed", humanize.absolute_time(counted.last_failed_at, now=now)),
    ]


@app.command("ls")
def list_rows(
    context: typer.Context,
    *,
    state: Annotated[
        OutboxState | None, typer.Option("--state", "-s", help="Only rows in this state.")
    ] = None,
    size: Annotated[int, typer.Option(min=1, max=500, help="Maximum number of rows.")] = 30,
    cursor: Annotated[str | None, typer.Option(help="Cursor from the end of the previous page.")] = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="List the oldest rows first.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the rows of all states or of one, without their payloads.

    Open rows come first, the last stored on top. Ended rows follow, the last
    ended on top.

    Examples:
      python -m cmd.admin outbox ls
      python -m cmd.admin outbox ls -s waiting --oldest-first
      python -m cmd.admin outbox ls -s given-up --size 100 --json
    """

    async def page(tools: Tools) -> tuple[OutboxPage, datetime]:
        listed = tools.outbox.rows(state, newest_first=not oldest_first, size=size, cursor=cursor)
        return await listed, tools.clock.now()

    try:
        found, now = run(context, page)
    except ValueError as problem:
        raise typer.BadParameter(f"{problem}.", param_hint="'--cursor'") from problem
    if as_json:
        rows = [json_output.outbox_row(row, with_payload=False) for row in found.rows]
        show_json({"state": state, "rows": rows, "next": found.next})
        return
    _show_page(found, state, now=now)


def _show_page(page: OutboxPage, state: OutboxState | None, *, now: datetime) -> None:
    cells = {None: _ALL_STATES, OutboxState.WAITING: _WAITING, OutboxState.FORWARDED: _FORWARDED}.get(
        state, _ENDED
    )
    shown = [[cell(row, now) for _, cell in cells] for row in page.rows]
    empty = "There are no rows." if state is None else f"There are no {state} rows."
    show_table([column for column, _ in cells], shown, empty=empty)
    if page.next is not None:
        print_line(f"Next page: --cursor {page.next}")


@app.command("inspect")
def inspect_row(
    context: typer.Context,
    task_id: Annotated[str, typer.Argument(metavar="ID", help="The task's id.", show_default=False)],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one row, and its task in Redis.

    The output includes the payload, which may be personal data.

    Examples:
      python -m cmd.admin outbox inspect ID
    """

    async def read(tools: Tools) -> tuple[OutboxRow, TaskInfo | str, datetime]:
        row = await tools.outbox.row(task_id)
        return row, await _task_of(tools, row), tools.clock.now()

    row, task, now = run(context, read)
    if as_json:
        show_json({"row": json_output.outbox_row(row, with_payload=True), **_task_json(task)})
    else:
        show_fields([*_fields(row, now), *_task_fields(task)])


async def _task_of(tools: Tools, row: OutboxRow) -> TaskInfo | str:
    """The task, or why it cannot be shown."""
    try:
        return await tools.inspector.task(row.queue, row.id)
    except TaskNotFound:
        return "not in Redis"
    except Unavailable as error:
        return f"unknown: {error}"


def _fields(row: OutboxRow, now: datetime) -> Sequence[tuple[str, str]]:
    """Empty fields are left out."""
    moments = {
        "stored": row.stored_at,
        "next try": row.next_try_at if row.state.is_open else None,
        "forwarded": row.forwarded_at,
        "completed": row.completed_at,
        "ended": row.ended_at,
        "last failed": row.last_failed_at,
    }
    return [
        ("id", row.id),
        ("name", row.name),
        ("queue", row.queue),
        ("state", row.state),
        *((name, humanize.absolute_time(at, now=now)) for name, at in moments.items() if at is not None),
        *([("last error", row.last_error)] if row.last_error else []),
        ("payload", json.dumps(row.payload, ensure_ascii=False)),
    ]


def _task_json(task: TaskInfo | str) -> Mapping[str, Any]:
    """`why_no_task` tells a lost task from a task that could not be looked up."""
    if isinstance(task, str):
        return {"task": None, "why_no_task": task}
    return {"task": json_output.task(task, with_payload=False), "why_no_task": None}


def _task_fields(task: TaskInfo | str) -> Sequence[tuple[str, str]]:
    if isinstance(task, str):
        return [("task", task)]
    return [("task", task.state), *([("task error", task.last_error)] if task.last_error else [])]


add_actions(app)
