"""Converts encoded tasks to the form that `store_tasks.lua` takes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.constraints import constraints_of
from internal.infrastructure.taskqueue.protocol.message_options import (
    AGAIN,
    ENCRYPTED_FORMAT,
    FIRST,
    FORMAT,
    OUTBOX,
)
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.tasks.encoded_task import EncodedTask, and_all_that_follow
from internal.infrastructure.tasks.encrypted_payload import is_encrypted
from internal.infrastructure.tasks.transport import TaskRefused

NO_DEADLINE = -1
FOLLOWERS = ("on_success", "on_failure")  # constraints

_encode = msgspec.json.Encoder().encode


class StoredMessage(NamedTuple):
    """A task in the form that the scripts store. `delay` and `deadline` are ms from now."""

    queue: str
    task_id: str
    message: Any
    delay: int
    deadline: int
    constraints: Mapping[str, Any]

    @property
    def size(self) -> int:
        """The bytes of its message and of the messages of everything that may follow it."""
        size, constraints = memoryview(self.message).nbytes, self.constraints
        if not constraints:
            return size
        return size + sum(memoryview(constraints[name]).nbytes for name in FOLLOWERS if name in constraints)

    @property
    def is_simple(self) -> bool:
        """True if it runs at once, without a deadline or constraints."""
        return not self.delay and self.deadline == NO_DEADLINE and not self.constraints


def to_stored_message(task: EncodedTask, *, now: datetime) -> StoredMessage:
    """Encode the task with everything that may follow it.

    Raises:
        TaskRefused: the task cannot be encoded.
    """
    try:
        if task.followers is None:
            return _stored(task, {}, now=now)
        stored: dict[int, StoredMessage] = {}
        for each in reversed(and_all_that_follow(task)):
            if id(each) not in stored:
                stored[id(each)] = _stored(each, stored, now=now)
        return stored[id(task)]
    except (TypeError, ValueError, OverflowError, ArithmeticError, msgspec.MsgspecError) as error:
        raise TaskRefused(f"task {task.name} cannot be encoded ({type(error).__name__})") from error


def _stored(task: EncodedTask, stored: Mapping[int, StoredMessage], *, now: datetime) -> StoredMessage:
    options = task.options
    delay, left = 0, NO_DEADLINE
    if options.delay is not None:
        delay = milliseconds(options.delay)
    elif options.process_at is not None:
        delay = max(0, milliseconds(options.process_at - now))
    if options.deadline is not None:
        left = max(0, milliseconds(options.deadline - now))
    message = scripts.text(_encode(_message(task, now=now.timestamp())))
    return StoredMessage(options.queue, task.id, message, delay, left, _constraints(task, stored))


def _constraints(task: EncodedTask, stored: Mapping[int, StoredMessage]) -> Mapping[str, Any]:
    constraints = constraints_of(task)
    if task.followers is None:
        return constraints
    following = {
        name: scripts.text(scripts.encode_request([stored[id(follower)] for follower in followers]))
        for name, followers in zip(
            FOLLOWERS, (task.followers.on_success, task.followers.on_failure), strict=True
        )
        if followers
    }
    group = {"group": task.followers.group, "size": task.followers.size} if task.followers.group else {}
    return {**constraints, **following, **group}


def _message(task: EncodedTask, *, now: float) -> dict[str, Any]:
    """Return the fields of a Dramatiq message."""
    options: dict[str, Any] = {
        "max_retries": task.options.max_retries,
        "time_limit": milliseconds(task.options.timeout),
    }
    if task.options.headers:
        options["headers"] = dict(task.options.headers)
    if task.options.retention:
        options["retention"] = milliseconds(task.options.retention)
    if is_encrypted(task.payload):
        options[FORMAT] = ENCRYPTED_FORMAT
    if task.is_stored:
        options[OUTBOX] = AGAIN if task.was_sent else FIRST
    return {
        "queue_name": task.options.queue,
        "actor_name": task.name,
        "args": (),
        "kwargs": task.payload,
        "options": options,
        "message_id": task.id,
        "message_timestamp": int(now * 1000),
    }
