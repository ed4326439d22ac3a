import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.options import AsJson, parse_duration
from internal.infrastructure.cli.command_needs import RedisRefusals, Tools
from internal.infrastructure.cli.commands.queues import show_queues
from internal.infrastructure.cli.commands.task_figures import show_task_figures
from internal.infrastructure.cli.output import json_output, json_statistics
from internal.infrastructure.cli.output.console import (
    clear_screen,
    print_error,
    print_line,
    show_fields,
    show_json,
)
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_snapshots import QueueInfo
from internal.ports.task_statistics import DueMinute, Span, TaskStatistics
from internal.ports.unavailable import Unavailable

if TYPE_CHECKING:  # it imports Redis' client, which `--help` does not need
    from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class _Overview:
    """`workers` is None if that is unknown."""

    at: datetime
    queues: Sequence[QueueInfo]
    statistics: TaskStatistics
    due: Sequence[DueMinute]
    redis: "RedisInfo"
    refusals: RedisRefusals
    workers: int | None


def show_stats(
    context: typer.Context,
    *,
    span: Annotated[Span, typer.Option(help="The time that the figures of tasks cover.")] = Span.HOUR,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again and again until Ctrl-C.")] = False,
    every: Annotated[str, typer.Option(help="Time between two looks, at least 1s.")] = "2s",
    times: Annotated[int, typer.Option(min=0, help="Stop after this many looks; 0 never stops.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show an overview.

    Tasks by state, by queue and by task name, attempts of today (UTC), workers
    and Redis. Half of the tasks took at most P50, and 95 % took at most P95.
    With --watch and --json, each look is one line.

    Examples:
      python -m cmd.admin stats
      python -m cmd.admin stats --span 24h
      python -m cmd.admin stats --watch --every 5s
      python -m cmd.admin stats --json
    """
    pause = max(1.0, parse_duration(every).total_seconds())
    if not watch:
        overview = run(context, lambda tools: _overview(tools, span))
        _show(overview, as_json=as_json)
        return

    async def look_again(tools: Tools) -> None:
        import asyncio  # noqa: PLC0415 - `--help` runs nothing, and importing this takes a sixth of its time

        looks = 0
        while True:
            await _look(tools, span, as_json=as_json)
            looks += 1
            if looks == times:
                return
            await asyncio.sleep(pause)

    try:
        run(context, look_again)
    except KeyboardInterrupt:
        # The operator has seen enough.
        return


async def _look(tools: Tools, span: Span, *, as_json: bool) -> None:
    try:
        overview = await _overview(tools, span)
    except Unavailable as error:
        # It may be back at the next look.
        print_error(str(error))
    else:
        if as_json:
            typer.echo(json.dumps(_document(overview)))
        else:
            clear_screen()
            _show(overview, as_json=False)
        sys.stdout.flush()


async def _overview(tools: Tools, span: Span) -> _Overview:
    refusals = await tools.redis_refusals()
    return _Overview(
        at=tools.clock.now(),
        queues=await tools.inspector.queues(),
        statistics=await tools.inspector.statistics(span),
        due=await tools.inspector.due(),
        redis=await tools.redis_info(),
        refusals=refusals,
        workers=None if refusals.of_workers else len(await tools.inspector.workers()),
    )


def _document(overview: _Overview) -> dict[str, Any]:
    return {
        "at": json_output.time(overview.at),
        **_total(overview.queues),
        "workers": overview.workers,
        "queues": [json_output.queue(queue) for queue in overview.queues],
        "statistics": json_statistics.statistics(overview.statistics),
        "due": json_statistics.due(overview.due),
        "redis": {**json_output.redis(overview.redis), "why_no_writes": overview.refusals.of_tasks},
    }


def _show(overview: _Overview, *, as_json: bool) -> None:
    if as_json:
        show_json(_document(overview))
        return
    total = _total(overview.queues)
    show_fields([(state, humanize.count(size)) for state, size in total["states"].items()])
    print_line("")
    show_fields([*_today(total, workers=overview.workers), ("due in 15m", _due(overview.due))])
    print_line("")
    show_queues(overview.queues)
    print_line("")
    show_task_figures(overview.statistics)
    print_line("")
    show_fields(_redis(overview.redis, overview.refusals))


def _total(queues: Sequence[QueueInfo]) -> dict[str, Any]:
    sizes: Counter[str] = Counter({str(state): 0 for state in json_output.STATES})
    for queue in queues:
        sizes.update(json_output.sizes(queue))
    processed = sum(queue.processed for queue in queues)
    failed = sum(queue.failed for queue in queues)
    return {
        "states": dict(sizes),
        "processed_today": processed,
        "failed_today": failed,
        "error_rate_today": humanize.error_rate(processed=processed, failed=failed),
    }


def _today(total: dict[str, Any], *, workers: int | None) -> Sequence[tuple[str, str]]:
    return [
        ("done today", humanize.count(total["processed_today"])),
        ("failed today", humanize.count(total["failed_today"])),
        ("error rate", humanize.percent(total["error_rate_today"])),
        ("workers", "unknown: they cannot register" if workers is None else humanize.count(workers)),
    ]


def _due(minutes: Sequence[DueMinute]) -> str:
    scheduled = sum(minute.scheduled for minute in minutes)
    retry = sum(minute.retry for minute in minutes)
    return f"{humanize.count(scheduled)} scheduled, {humanize.count(retry)} retry"


def _redis(info: "RedisInfo", refusals: RedisRefusals) -> Sequence[tuple[str, str]]:
    limit = "no limit" if info.max_memory is None else f"at most {humanize.memory(info.max_memory)}"
    return [
        (info.software, info.version),
        ("memory", f"{humanize.memory(info.used_memory)}, {limit}, {info.eviction}"),
        ("up for", humanize.duration(info.uptime)),
        ("clients", humanize.count(info.clients)),
        ("new tasks", f"refused: {refusals.of_tasks}" if refusals.of_tasks else "accepted"),
    ]
