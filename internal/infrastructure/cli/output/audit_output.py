"""Actions of the audit for people and for scripts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from internal.application.audited_action import AuditedAction
from internal.infrastructure import humanize
from internal.infrastructure.cli.output.json_output import time
from internal.infrastructure.cli.output.table_layout import Column

AUDIT = (
    Column("WHEN"),
    Column("WHO", is_text=True),
    Column("ACTION"),
    Column("ON", is_text=True),
    Column("RESULT"),
    Column("FROM", is_text=True, is_optional=True),
)


def action_row(action: AuditedAction, now: datetime) -> Sequence[str]:
    return (
        humanize.relative_time(action.event.occurred_at, now=now),
        action.actor,
        action.action,
        ", ".join([*(f"{name} {text}" for name, text in action.targets.items()), *_ids(action)]),
        action.outcome,
        action.event.caller.address or humanize.NOTHING,
    )


def _ids(action: AuditedAction) -> Sequence[str]:
    """The first ids, and the number of all if there are more."""
    first = list(action.task_ids[:3])
    return first if action.tasks <= len(first) else [*first, f"{humanize.count(action.tasks)} in all"]


def action_json(action: AuditedAction) -> dict[str, Any]:
    event = action.event
    return {
        "id": event.id,
        "occurred_at": time(event.occurred_at),
        "action": event.name,
        "result": event.result.value,
        "actor": action.actor,
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "operator": event.operator,
        "address": event.caller.address,
        "user_agent": event.caller.user_agent,
        "request_id": event.caller.request_id,
        "details": dict(event.details),
    }
