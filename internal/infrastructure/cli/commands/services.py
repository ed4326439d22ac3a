"""`services`: Redis and Postgres."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.output import json_output
from internal.infrastructure.cli.output.console import print_line, show_fields, show_json
from internal.infrastructure.cli.run_with_tools import run

# They import the clients of Redis and Postgres, which `--help` does not need.
if TYPE_CHECKING:
    from internal.infrastructure.database.postgres_info import PostgresInfo
    from internal.infrastructure.monitoring.services import ServiceReport
    from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo


def show_services(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show Redis and Postgres, and first what to fix.

    Whether Redis accepts new tasks, how full it is and what a restart loses; the
    schema, the connections and the replicas of Postgres.

    Examples:
      python -m cmd.admin services
      python -m cmd.admin services --json
    """

    async def read(tools: Tools) -> tuple["ServiceReport", datetime]:
        return await tools.services.report(), tools.clock.now()

    _show(*run(context, read), as_json=as_json)


def _show(report: "ServiceReport", now: datetime, *, as_json: bool) -> None:
    from internal.infrastructure.monitoring.services import warnings_of  # noqa: PLC0415 - see above

    problems = list(warnings_of(report))
    if as_json:
        redis, postgres = report.redis, report.postgres
        show_json(
            {
                "problems": problems,
                "redis": _away(redis) if isinstance(redis, str) else _redis(redis, report.refusal),
                "postgres": _away(postgres) if isinstance(postgres, str) else json_output.postgres(postgres),
            }
        )
        return
    for problem in problems or ["Healthy: no problems."]:
        print_line(problem)
    print_line("")
    show_fields(
        [("redis", report.redis)] if isinstance(report.redis, str) else _redis_fields(report.redis, now)
    )
    print_line("")
    show_fields(
        [("postgres", report.postgres)]
        if isinstance(report.postgres, str)
        else _postgres_fields(report.postgres)
    )


def _away(reason: str) -> dict[str, object]:
    return {"why_away": reason}


def _redis(info: "RedisInfo", refusal: str | None) -> dict[str, object]:
    return {
        **json_output.redis(info),
        "why_no_writes": refusal,
        "is_append_only": info.is_append_only,
        "saved_at": json_output.time(info.saved_at),
        "is_replica": info.is_replica,
        "replicas": info.replicas,
    }


def _redis_fields(info: "RedisInfo", now: datetime) -> Sequence[tuple[str, str]]:
    limit = "no limit" if info.max_memory is None else f"of {humanize.memory(info.max_memory)}"
    saved = "off" if info.snapshots == "" else f"last {humanize.absolute_time(info.saved_at, now=now)}"
    return [
        ("redis", f"{info.software} {info.version}, {'replica' if info.is_replica else 'primary'}"),
        ("memory", f"{humanize.memory(info.used_memory)}, {limit}"),
        ("when it is full", info.eviction),
        ("append-only file", "on" if info.is_append_only else "off"),
        ("snapshots", saved),
        ("replicas", humanize.count(info.replicas)),
        ("clients", humanize.count(info.clients)),
        ("up for", humanize.duration(info.uptime)),
    ]


def _postgres_fields(info: "PostgresInfo") -> Sequence[tuple[str, str]]:
    lag = f", at most {humanize.duration(info.lag)} behind" if info.lag else ""
    return [
        ("postgres", info.version),
        ("schema", f"{info.schema or 'none'}, {'current' if info.is_schema_current else 'old'}"),
        ("size", humanize.memory(info.size)),
        ("connections", f"{humanize.count(info.connections)} of {humanize.count(info.max_connections)}"),
        ("replicas", f"{humanize.count(info.replicas)}{lag}"),
        ("up for", humanize.duration(info.uptime)),
    ]
