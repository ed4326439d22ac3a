"""The options and the followers of a task, as JSON in the columns of its row."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any

import msgspec

from internal.infrastructure.tasks.encoded_task import Followers, InvalidPayload
from internal.ports.tasks import TaskOptions


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
