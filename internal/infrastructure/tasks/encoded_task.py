"""Encoded tasks with their followers, and their JSON in the outbox."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

import msgspec

from internal.ports.tasks import TaskOptions


class InvalidPayload(ValueError):
    """The payload does not fit the task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedTask:
    """A task between publisher and worker. `payload` has only JSON types; `options` are final.

    is_stored: the task has a row in the completion log, which must be closed.
    was_sent: the task may have been sent before, and may be done by now.
    followers: the tasks that follow its end.
    """

    id: str
    name: str
    payload: dict[str, Any]
    options: TaskOptions
    is_stored: bool = False
    was_sent: bool = False
    followers: "Followers | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followers:
    """The tasks that follow when a task is done or archived; in a group, when all `size` tasks are done."""

    on_success: tuple[EncodedTask, ...] = ()
    on_failure: tuple[EncodedTask, ...] = ()
    group: str | None = None
    size: int = 1


def and_all_that_follow(task: EncodedTask) -> list[EncodedTask]:
    """Return the task and everything that may follow it; each task precedes its followers."""
    found = [task]
    for each in found:  # the list grows in the loop: a recursion could exceed the stack
        if each.followers:
            found += (*each.followers.on_success, *each.followers.on_failure)
    return found


def options_to_json(options: TaskOptions) -> dict[str, Any]:
    # In UTC, because msgspec writes other offsets in whole minutes.
    moments = {
        name: moment.astimezone(UTC)
        for name, moment in (("deadline", options.deadline), ("process_at", options.process_at))
        if moment is not None
    }
    in_utc = replace(options, **moments) if moments else options  # type: ignore[arg-type]  # as named there
    encoded: dict[str, Any] = msgspec.to_builtins(in_utc, str_keys=True, enc_hook=_plain)
    return encoded


def options_from_json(encoded: dict[str, Any]) -> TaskOptions:
    """Raises InvalidPayload if the JSON does not describe options."""
    try:
        return msgspec.convert(encoded, TaskOptions)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidPayload(f"options: {error}") from error


def followers_to_json(followers: Followers | None) -> dict[str, Any] | None:
    encoded: dict[str, Any] | None = msgspec.to_builtins(followers, str_keys=True, enc_hook=_plain)
    return encoded


def followers_from_json(encoded: dict[str, Any] | None) -> Followers | None:
    """Raises InvalidPayload if the JSON does not describe followers."""
    try:
        return msgspec.convert(encoded, Followers | None)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidPayload(f"followers: {error}") from error


def _plain(value: object) -> object:
    """Encode headers, which may be any mapping."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
