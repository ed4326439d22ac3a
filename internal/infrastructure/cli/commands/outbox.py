"""`outbox stats`, `ls` and `inspect`: what is to be done, and stands in Postgres until it has been."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.commands.outbox_actions import add_actions
from internal.infrastructure.cli.installation import Tools
from internal.infrastructure.cli.output import humanize, json_output
from internal.infrastructure.cli.output.console import say, show_fields, show_json, show_table
from internal.infrastructure.cli.output.failures import Commands
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.cli.session import run
from internal.ports.outbox_inspector import OutboxPage, OutboxRow, OutboxState, OutboxStats
from internal.ports.task_inspector import TaskNotFound
from internal.ports.task_snapshots import TaskInfo
from internal.ports.unavailable import Unavailable

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="The outbox: tasks that are stored with their data, from the commit to the end.",
)
Cell = Callable[[OutboxRow, datetime], str]


def _at(attribute: Callable[[OutboxRow], datetime | None]) -> Cell:
    return lambda row, now: humanize.moment(attribute(row), now=now)


_OF_ALL: Sequence[tuple[Column, Cell]] = [
    (Column("ID"), lambda row, _: row.id),
    (Column("NAME", is_text=True), lambda row, _: row.name),
    (Column("QUEUE", is_optional=True), lambda row, _: row.queue),
    (Column("STORED"), _at(lambda row: row.stored_at)),
]
_ANY = [
    *_OF_ALL,
    (Column("STATE"), lambda row, _: str(row.state)),
    (Column("ENDED", is_optional=True), _at(lambda row: row.ended_at)),
]
_WAITING: Sequence[tuple[Column, Cell]] = [
    *_OF_ALL,
    (Column("FAILED", is_optional=True), _at(lambda row: row.last_failed_at)),
    (Column("LAST ERROR", is_text=True), lambda row, _: row.last_error or humanize.NOTHING),
]
_FORWARDED = [*_OF_ALL, (Column("FORWARDED"), _at(lambda row: row.forwarded_at))]
_ENDED = [*_OF_ALL, (Column("ENDED"), _at(lambda row: row.ended_at))]


@app.command()
def stats(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Count what is on its way, and what was given up.

    What is done is not counted: there may be millions.
    The last error is why Redis could not be given a task that is still open.

    Examples:
      python -m cmd.admin outbox stats
      python -m cmd.admin outbox stats --json
    """

    async def look(tools: Tools) -> tuple[OutboxStats, datetime]:
        return await tools.outbox.stats(), tools.clock.now()

    counted, now = run(context, look)
    if as_json:
        show_json({"at": json_output.time(now), **json_output.outbox(counted)})
    else:
        show_fields(_stats(counted, now))


def _stats(counted: OutboxStats, now: datetime) -> Sequence[tuple[str, str]]:
    ages = {"oldest waiting": counted.oldest_waiting, "oldest open": counted.oldest_open}
    return [
        ("waiting", f"{humanize.count(counted.waiting)} (not forwarded to Redis yet)"),
        ("forwarded", f"{humanize.count(counted.forwarded)} (and not ended)"),
        ("given up", humanize.count(counted.given_up)),
        *((name, humanize.NOTHING if age is None else humanize.duration(age)) for name, age in ages.items()),
        ("last error", counted.last_error or humanize.NOTHING),
        ("last failed", humanize.dated(counted.last_failed_at, now=now)),
    ]


@app.command("ls")
def list_rows(
    context: typer.Context,
    *,
    state: Annotated[
        OutboxState | None, typer.Option("--state", "-s", help="Only rows in this state.")
    ] = None,
    size: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 30,
    cursor: Annotated[str | None, typer.Option(help="Where to go on, as the page before said.")] = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Turn the order around.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the rows of all states or of one, without their payloads.

    The newest come first: open rows by the time they were stored, then ended
    rows by the time they ended.

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
    cells = {None: _ANY, OutboxState.WAITING: _WAITING, OutboxState.FORWARDED: _FORWARDED}.get(state, _ENDED)
    shown = [[cell(row, now) for _, cell in cells] for row in page.rows]
    empty = "There are no rows." if state is None else f"There are no {state} rows."
    show_table([column for column, _ in cells], shown, empty=empty)
    if page.next is not None:
        say(f"There are more: --cursor {page.next}")


@app.command("inspect")
def inspect_row(
    context: typer.Context,
    task_id: Annotated[str, typer.Argument(metavar="ID", help="The task's id.", show_default=False)],
    *,
    as_json: AsJson = False,
) -> None:
    """Show everything about one row, and what Redis has of its task.

    With its payload, which may be personal data.

    Examples:
      python -m cmd.admin outbox inspect ID
    """

    async def look(tools: Tools) -> tuple[OutboxRow, TaskInfo | str, datetime]:
        row = await tools.outbox.row(task_id)
        return row, await _task_of(tools, row), tools.clock.now()

    row, task, now = run(context, look)
    if as_json:
        show_json({"row": json_output.outbox_row(row, with_payload=True), **_task_json(task)})
    else:
        show_fields([*_fields(row, now), *_task_fields(task)])


async def _task_of(tools: Tools, row: OutboxRow) -> TaskInfo | str:
    """Or why there is nothing to be said of it."""
    try:
        return await tools.inspector.task(row.queue, row.id)
    except TaskNotFound:
        return "not in Redis"
    except Unavailable as error:
        return f"unknown: {error}"


def _fields(row: OutboxRow, now: datetime) -> Sequence[tuple[str, str]]:
    """Without those that say nothing."""
    moments = {
        "stored": row.stored_at,
        "next try": row.next_try_at if row.state.is_open else None,
        "forwarded": row.forwarded_at,
        "effect made": row.completed_at,
        "ended": row.ended_at,
        "last failed": row.last_failed_at,
    }
    return [
        ("id", row.id),
        ("name", row.name),
        ("queue", row.queue),
        ("state", row.state),
        *((name, humanize.dated(at, now=now)) for name, at in moments.items() if at is not None),
        *([("last error", row.last_error)] if row.last_error else []),
        ("payload", json.dumps(dict(row.payload), ensure_ascii=False)),
    ]


def _task_json(task: TaskInfo | str) -> Mapping[str, Any]:
    """Without a task, why: one that Redis does not have is lost, one that cannot be asked for may not be."""
    if isinstance(task, str):
        return {"task": None, "why_no_task": task}
    return {"task": json_output.task(task, with_payload=False), "why_no_task": None}


def _task_fields(task: TaskInfo | str) -> Sequence[tuple[str, str]]:
    if isinstance(task, str):
        return [("task", task)]
    return [("task", task.state), *([("task error", task.last_error)] if task.last_error else [])]


add_actions(app)
