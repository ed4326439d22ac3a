"""Tasks in transit, with all that follows them, and their JSON in the outbox."""

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
    """A task in transit. `payload` holds JSON types only; `options` are final.

    is_stored: it stands in the completion log as well, and is to be closed there.
    was_sent: it may have been handed over before, and may be done by now.
    followers: what follows when it has ended.
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
    """What is published when a task is done, or given up; in a group, when all `size` of them are done."""

    on_success: tuple[EncodedTask, ...] = ()
    on_failure: tuple[EncodedTask, ...] = ()
    group: str | None = None
    size: int = 1


def and_all_that_follow(task: EncodedTask) -> list[EncodedTask]:
    """The task, and whatever may follow it; each before those that follow it."""
    found = [task]
    for each in found:  # it grows in the loop: a chain may be longer than Python's stack is deep
        if each.followers:
            found += (*each.followers.on_success, *each.followers.on_failure)
    return found


def options_to_json(options: TaskOptions) -> dict[str, Any]:
    # In UTC: other offsets are written in whole minutes, whatever they are.
    moments = {
        name: moment.astimezone(UTC)
        for name, moment in (("deadline", options.deadline), ("process_at", options.process_at))
        if moment is not None
    }
    in_utc = replace(options, **moments) if moments else options  # type: ignore[arg-type]  # as named there
    encoded: dict[str, Any] = msgspec.to_builtins(in_utc, str_keys=True, enc_hook=_plain)
    return encoded


def options_from_json(encoded: dict[str, Any]) -> TaskOptions:
    """Raise InvalidPayload if these are no options."""
    try:
        return msgspec.convert(encoded, TaskOptions)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidPayload(f"options: {error}") from error


def followers_to_json(followers: Followers | None) -> dict[str, Any] | None:
    encoded: dict[str, Any] | None = msgspec.to_builtins(followers, str_keys=True, enc_hook=_plain)
    return encoded


def followers_from_json(encoded: dict[str, Any] | None) -> Followers | None:
    """Raise InvalidPayload if these are no followers."""
    try:
        return msgspec.convert(encoded, Followers | None)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidPayload(f"followers: {error}") from error


def _plain(value: object) -> object:
    """Headers may be any mapping."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
