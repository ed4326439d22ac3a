"""`failures ls` and `failures show`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from internal.domain.errors import NotFound
from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.fingerprint_argument import Fingerprint, group_of
from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.output import json_output
from internal.infrastructure.cli.output.console import print_line, show_fields, show_json, show_table
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_failures import FailureGroup, FailureGroups
from internal.ports.task_inspector import TaskPage
from internal.ports.task_snapshots import TaskInfo

UNREADABLE = "(unreadable)"

GROUPS = (
    Column("FINGERPRINT"),
    Column("TASKS", is_number=True),
    Column("TASK", is_text=True),
    Column("ERROR", is_text=True),
    Column("WHERE", is_text=True),
    Column("FIRST", is_optional=True),
    Column("LAST"),
)
GROUP_TASKS = (
    Column("ID"),
    Column("QUEUE", is_optional=True),
    Column("STATE"),
    Column("FAILED"),
    Column("DUE", is_optional=True),
    Column("LAST ERROR", is_text=True),
)


def list_groups(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the groups of failed tasks, the largest first.

    Tasks in retry and archived are one group if the task name, the type of the
    error and the innermost frame of our own code are the same. The newest 2,000
    failures are grouped; if there are more, an equal share of each queue and
    state.

    Examples:
      python -m cmd.admin failures ls
      python -m cmd.admin failures ls --json
    """

    async def read(tools: Tools) -> tuple[FailureGroups, datetime]:
        return await tools.inspector.failures(), tools.clock.now()

    found, now = run(context, read)
    if as_json:
        groups = [json_output.failure_group(group) for group in found.groups]
        show_json({"groups": groups, "looked_at": found.looked_at, "total": found.total})
        return
    show_table(GROUPS, [group_row(group, now) for group in found.groups], empty="No task has failed.")
    if found.looked_at < found.total:
        looked_at, tasks = humanize.count(found.looked_at), humanize.counted(found.total, "task")
        print_line(f"Groups the newest {looked_at} of {tasks} in retry and archived.")


@dataclass(frozen=True, slots=True)
class _Shown:
    group: FailureGroup
    sample: TaskInfo | None
    page: TaskPage
    now: datetime


def show_group(
    context: typer.Context,
    fingerprint: Fingerprint,
    *,
    size: Annotated[int, typer.Option(min=1, max=500, help="Maximum number of tasks.")] = 30,
    cursor: Annotated[str | None, typer.Option(help="Cursor from the end of the previous page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a group of failed tasks, with the latest traceback.

    Errors and tracebacks may contain personal data.

    Examples:
      python -m cmd.admin failures show 3f2a90c41b7e
      python -m cmd.admin failures show 3f2a90c41b7e --size 100 --json
    """

    async def read(tools: Tools) -> _Shown:
        group = await group_of(tools.inspector, fingerprint)
        page = await tools.inspector.failed_tasks(fingerprint, size=size, cursor=cursor)
        return _Shown(group, await _sample(tools, group), page, tools.clock.now())

    try:
        shown = run(context, read)
    except ValueError as problem:
        raise typer.BadParameter(f"{problem}.", param_hint="'--cursor'") from problem
    if as_json:
        tasks = [json_output.task(task, with_payload=False) for task in shown.page.tasks]
        group = json_output.failure_group(shown.group)
        traceback = shown.sample.traceback if shown.sample else None
        show_json({"group": group, "traceback": traceback, "tasks": tasks, "next": shown.page.next})
    else:
        _show(shown)


async def _sample(tools: Tools, group: FailureGroup) -> TaskInfo | None:
    """None: it has been deleted in the meantime."""
    try:
        return await tools.inspector.task(group.queue, group.task_id)
    except NotFound:
        return None


def _show(shown: _Shown) -> None:
    group, now = shown.group, shown.now
    fields = [
        ("fingerprint", group.failure.fingerprint),
        ("task", group.failure.task_name or UNREADABLE),
        ("error", group.failure.error_type),
        ("where", group.failure.frame or humanize.NOTHING),
        ("tasks", f"{humanize.count(group.retry)} in retry, {humanize.count(group.archived)} archived"),
        ("first seen", humanize.absolute_time(group.first_seen, now=now)),
        ("last seen", humanize.absolute_time(group.last_seen, now=now)),
    ]
    if shown.sample and (text := shown.sample.traceback or shown.sample.last_error):
        fields.append(("latest", text.rstrip()))
    show_fields(fields)
    print_line("")
    rows = [group_task_row(task, now) for task in shown.page.tasks]
    show_table(GROUP_TASKS, rows, empty="No tasks on this page.")
    if shown.page.next is not None:
        print_line(f"Next page: --cursor {shown.page.next}")


def group_row(group: FailureGroup, now: datetime) -> Sequence[str]:
    return (
        group.failure.fingerprint,
        humanize.count(group.count),
        group.failure.task_name or UNREADABLE,
        group.failure.error_type,
        # The function alone; `show` has its file.
        group.failure.frame.rpartition(" in ")[2] or humanize.NOTHING,
        humanize.relative_time(group.first_seen, now=now),
        humanize.relative_time(group.last_seen, now=now),
    )


def group_task_row(task: TaskInfo, now: datetime) -> Sequence[str]:
    return (
        task.id,
        task.queue,
        str(task.state),
        humanize.relative_time(task.last_failed_at, now=now),
        humanize.relative_time(task.due, now=now),
        task.last_error or humanize.NOTHING,
    )
