from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.command_needs import RedisRefusals, Tools
from internal.infrastructure.cli.commands.queues import show_queues
from internal.infrastructure.cli.output import humanize, json_output
from internal.infrastructure.cli.output.console import print_line, show_fields, show_json
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_snapshots import QueueInfo

if TYPE_CHECKING:  # it imports Redis' client, which `--help` does not need
    from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo

Overview = tuple[Sequence[QueueInfo], "RedisInfo", RedisRefusals, int | None, datetime]


def show_stats(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show an overview.

    Tasks by state and by queue, attempts of today (UTC), workers and Redis.

    Examples:
      python -m cmd.admin stats
      python -m cmd.admin stats --json
    """
    queues, redis, refusals, workers, now = run(context, _overview)
    total = _total(queues)
    if as_json:
        show_json(
            {
                "at": json_output.time(now),
                **total,
                "workers": workers,
                "queues": [json_output.queue(queue) for queue in queues],
                "redis": {**json_output.redis(redis), "why_no_writes": refusals.of_tasks},
            }
        )
        return
    show_fields([(state, humanize.count(size)) for state, size in total["states"].items()])
    print_line("")
    show_fields(_today(total, workers=workers))
    print_line("")
    show_queues(queues)
    print_line("")
    show_fields(_redis(redis, refusals))


async def _overview(tools: Tools) -> Overview:
    refusals = await tools.redis_refusals()
    return (
        await tools.inspector.queues(),
        await tools.redis_info(),
        refusals,
        None if refusals.of_workers else len(await tools.inspector.workers()),
        tools.clock.now(),
    )


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


def _redis(info: "RedisInfo", refusals: RedisRefusals) -> Sequence[tuple[str, str]]:
    limit = "no limit" if info.max_memory is None else f"at most {humanize.memory(info.max_memory)}"
    return [
        (info.software, info.version),
        ("memory", f"{humanize.memory(info.used_memory)}, {limit}, {info.eviction}"),
        ("up for", humanize.duration(info.uptime)),
        ("clients", humanize.count(info.clients)),
        ("new tasks", f"refused: {refusals.of_tasks}" if refusals.of_tasks else "accepted"),
    ]
