"""Encoded tasks as `publishing.lua` takes them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.constraints import terms_of
from internal.infrastructure.taskqueue.protocol.message_options import AGAIN, FIRST, OUTBOX
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.tasks.codec import EncodedTask, TaskRefused, and_all_that_follow

# Queue, id, message, delay and deadline in ms from now, terms.
Entry = tuple[str, str, Any, int, int, Mapping[str, Any]]
NO_DEADLINE = -1
FOLLOWERS = ("on_success", "on_failure")  # terms

_encode = msgspec.json.Encoder().encode


def entry_of(task: EncodedTask, *, now: datetime) -> Entry:
    """The task with all that may follow it, which is encoded first.

    Raises:
        TaskRefused: it cannot be encoded.
    """
    try:
        if task.followers is None:
            return _entry(task, {}, now=now)
        entries: dict[int, Entry] = {}
        for each in reversed(and_all_that_follow(task)):
            if id(each) not in entries:
                entries[id(each)] = _entry(each, entries, now=now)
        return entries[id(task)]
    except (TypeError, ValueError, OverflowError, ArithmeticError, msgspec.MsgspecError) as error:
        raise TaskRefused(f"task {task.name} cannot be encoded ({type(error).__name__})") from error


def size_of(entry: Entry) -> int:
    """Bytes of its message and of the messages of all that may follow it."""
    size, terms = memoryview(entry[2]).nbytes, entry[5]
    return (
        size + sum(memoryview(terms[name]).nbytes for name in FOLLOWERS if name in terms) if terms else size
    )


def _entry(task: EncodedTask, entries: Mapping[int, Entry], *, now: datetime) -> Entry:
    options = task.options
    delay, left = 0, NO_DEADLINE
    if options.delay is not None:
        delay = milliseconds(options.delay)
    elif options.process_at is not None:
        delay = max(0, milliseconds(options.process_at - now))
    if options.deadline is not None:
        left = max(0, milliseconds(options.deadline - now))
    message = scripts.text(_encode(_message(task, now=now.timestamp())))
    return (options.queue, task.id, message, delay, left, _terms(task, entries))


def is_simple(entry: Entry) -> bool:
    """Whether it is to run at once, without deadline and terms."""
    *_, delay, deadline, terms = entry
    return not delay and deadline == NO_DEADLINE and not terms


def _terms(task: EncodedTask, entries: Mapping[int, Entry]) -> Mapping[str, Any]:
    terms = terms_of(task)
    if task.followers is None:
        return terms
    following = {
        name: scripts.text(scripts.encode_request([entries[id(follower)] for follower in followers]))
        for name, followers in zip(
            FOLLOWERS, (task.followers.on_success, task.followers.on_failure), strict=True
        )
        if followers
    }
    group = {"group": task.followers.group, "size": task.followers.size} if task.followers.group else {}
    return {**terms, **following, **group}


def _message(task: EncodedTask, *, now: float) -> dict[str, Any]:
    """The fields of a Dramatiq message."""
    options: dict[str, Any] = {
        "max_retries": task.options.max_retries,
        "time_limit": milliseconds(task.options.timeout),
    }
    if task.options.headers:
        options["headers"] = dict(task.options.headers)
    if task.options.retention:
        options["retention"] = milliseconds(task.options.retention)
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
