"""The lock and the limits of a task, as `store_tasks.lua` takes them. Most tasks have none."""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec

from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.tasks.encoded_task import EncodedTask
from internal.infrastructure.tasks.lock_subject import lock_subject
from internal.ports.tasks import TaskOptions

_NONE: Mapping[str, Any] = {}

# Sorts the fields, as RFC 8785 does, except for numbers.
_encode = msgspec.json.Encoder(order="sorted").encode


def constraints_of(task: EncodedTask) -> Mapping[str, Any]:
    options = task.options
    if (options.task_id or options.unique_for or options.max_running or options.rate) is None:
        return _NONE
    named = {"named": 1} if options.task_id is not None else {}
    return {**named, **_lock(task, options.unique_for), **_limits(task.name, options)}


def _lock(task: EncodedTask, unique_for: timedelta | None) -> dict[str, Any]:
    if unique_for is None:
        return {}
    lock: dict[str, Any] = {"lock": _digest(lock_subject(task)), "lock_for": milliseconds(unique_for)}
    if task.options.unique_until == "expiry":
        lock["lock_until"] = "expiry"
    return lock | {"again": 1} if task.was_sent else lock


def _limits(name: str, options: TaskOptions) -> dict[str, Any]:
    if options.max_running is None and options.rate is None:
        return {}
    key = options.limit_key
    limits: dict[str, Any] = {"limit": _digest(("task", name) if key is None else ("key", key))}
    if options.max_running is not None:
        limits["max_running"] = options.max_running
    if options.rate is not None:
        limits |= {"rate": options.rate.limit, "per": milliseconds(options.rate.per)}
    return limits


def _digest(value: object) -> str:
    """Hash a payload or a key, so no personal data and no long text becomes part of a Redis key."""
    return sha256(_encode(value)).hexdigest()[:32]
