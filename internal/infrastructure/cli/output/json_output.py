"""The output of `--json`. Scripts rely on its keys. Times are ISO 8601 in UTC, durations are seconds."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from internal.infrastructure.humanize import error_rate
from internal.infrastructure.tasks.payload_fields import PayloadField
from internal.ports.outbox_inspector import OutboxRow, OutboxStats
from internal.ports.task_failures import FailureGroup
from internal.ports.task_snapshots import (
    DayCount,
    QueueInfo,
    ScheduledRun,
    ScheduleInfo,
    TaskInfo,
    WorkerInfo,
)
from internal.ports.tasks import TaskState

if TYPE_CHECKING:  # they import the clients of Redis and Postgres, which `--help` does not need
    from internal.infrastructure.database.postgres_info import PostgresInfo
    from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo

STATES = tuple(state for state in TaskState if state is not TaskState.STORED)


def time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span is not None else None


def sizes(queue: QueueInfo) -> dict[str, int]:
    """The number of tasks in every state, including empty ones."""
    return {str(state): queue.sizes.get(state, 0) for state in STATES}


def queue(info: QueueInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "is_paused": info.is_paused,
        "size": info.size,
        "states": sizes(info),
        "latency_seconds": seconds(info.latency),
        "memory_bytes": info.memory,
        "processed_today": info.processed,
        "failed_today": info.failed,
        "error_rate_today": error_rate(processed=info.processed, failed=info.failed),
    }


def day(counted: DayCount) -> dict[str, Any]:
    return {
        "day": counted.day.isoformat(),
        "processed": counted.processed,
        "failed": counted.failed,
        "error_rate": error_rate(processed=counted.processed, failed=counted.failed),
    }


def redis(info: "RedisInfo") -> dict[str, Any]:
    return {
        "software": info.software,
        "version": info.version,
        "used_memory_bytes": info.used_memory,
        "max_memory_bytes": info.max_memory,
        "eviction": info.eviction,
        "uptime_seconds": seconds(info.uptime),
        "clients": info.clients,
    }


def postgres(info: "PostgresInfo") -> dict[str, Any]:
    return {
        "version": info.version,
        "size_bytes": info.size,
        "uptime_seconds": seconds(info.uptime),
        "connections": info.connections,
        "max_connections": info.max_connections,
        "schema": info.schema,
        "is_schema_current": info.is_schema_current,
        "replicas": info.replicas,
        "lag_seconds": seconds(info.lag),
    }


def task(info: TaskInfo, *, with_payload: bool) -> dict[str, Any]:
    """Without the payload, the result is left out as well."""
    facts: dict[str, Any] = {
        "id": info.id,
        "queue": info.queue,
        "state": str(info.state),
        "name": info.name,
        "published_at": time(info.published_at),
        "due": time(info.due),
        "deadline": time(info.deadline),
        "timeout_seconds": seconds(info.timeout),
        "retries": info.retries,
        "max_retries": info.max_retries,
        "retention_seconds": seconds(info.retention),
        "unique_for_seconds": seconds(info.unique_for),
        "unique_until": info.unique_until,
        "headers": dict(info.headers),
        "worker": info.worker,
        "started_at": time(info.started_at),
        "is_orphaned": info.is_orphaned,
        "is_cancelled": info.is_cancelled,
        "crashes": info.crashes,
        "last_error": info.last_error,
        "last_failed_at": time(info.last_failed_at),
        "fingerprint": info.failure.fingerprint if info.failure else None,
        "history": [
            {
                "at": time(attempt.at),
                "retries": attempt.retries,
                "error": attempt.error,
                "worker": attempt.worker,
                "started_at": time(attempt.started_at),
                "ran_seconds": seconds(attempt.ran_for),
            }
            for attempt in info.history
        ],
        "completed_at": time(info.completed_at),
        "expires_at": time(info.expires_at),
    }
    return facts | _content(info) if with_payload else facts


def _content(info: TaskInfo) -> dict[str, Any]:
    return {
        "payload": info.payload,
        "raw_base64": b64encode(info.raw).decode() if info.raw is not None else None,
        "result": info.result,
        "traceback": info.traceback,
        "neighbours": asdict(info.neighbours) if info.neighbours else None,
    }


def failure_group(group: FailureGroup) -> dict[str, Any]:
    return {
        "fingerprint": group.failure.fingerprint,
        "task_name": group.failure.task_name,
        "error_type": group.failure.error_type,
        "frame": group.failure.frame,
        "retry": group.retry,
        "archived": group.archived,
        "first_seen": time(group.first_seen),
        "last_seen": time(group.last_seen),
        "last_error": group.error,
        "sample": {"queue": group.queue, "id": group.task_id},
    }


def task_name(name: str, fields: Sequence[PayloadField]) -> dict[str, Any]:
    return {
        "name": name,
        "fields": [
            {
                "name": field.name,
                "type": field.type,
                "is_required": field.is_required,
                "default": field.default,
            }
            for field in fields
        ],
    }


def worker(info: WorkerInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "host": info.host,
        "pid": info.pid,
        "started_at": time(info.started_at),
        "heard_at": time(info.heard_at),
        "concurrency": info.concurrency,
        "queues": dict(info.queues),
        "is_strict": info.is_strict,
        "is_draining": info.is_draining,
        "is_quiet": info.is_quiet,
        "waits_for": info.waits_for,
        "running": [
            {
                "id": running.id,
                "queue": running.queue,
                "name": running.name,
                "started_at": time(running.started_at),
                "deadline": time(running.deadline),
            }
            for running in info.running
        ],
    }


def schedule(info: ScheduleInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "spec": info.spec,
        "time_zone": info.time_zone,
        "task_name": info.task_name,
        "queue": info.queue,
        "last": time(info.last),
        "next": time(info.next),
        "is_paused": info.is_paused,
    }


def run(info: ScheduledRun) -> dict[str, Any]:
    return {"task_id": info.task_id, "slot": time(info.slot), "published_at": time(info.published_at)}


def outbox(counted: OutboxStats) -> dict[str, Any]:
    return {
        "waiting": counted.waiting,
        "forwarded": counted.forwarded,
        "given_up": counted.given_up,
        "oldest_waiting_seconds": seconds(counted.oldest_waiting),
        "oldest_open_seconds": seconds(counted.oldest_open),
        "last_error": counted.last_error,
        "last_failed_at": time(counted.last_failed_at),
    }


def outbox_row(row: OutboxRow, *, with_payload: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "queue": row.queue,
        "state": str(row.state),
        "stored_at": time(row.stored_at),
        "next_try_at": time(row.next_try_at) if row.state.is_open else None,
        "forwarded_at": time(row.forwarded_at),
        "completed_at": time(row.completed_at),
        "ended_at": time(row.ended_at),
        "last_error": row.last_error,
        "last_failed_at": time(row.last_failed_at),
    }
    return facts | {"payload": row.payload} if with_payload else facts
