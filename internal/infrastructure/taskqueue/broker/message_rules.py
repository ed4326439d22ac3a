"""Refuses messages and options of Dramatiq that would not arrive as they were sent."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import dramatiq
import msgspec
from dramatiq import Message
from dramatiq.errors import DecodeError

from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.tasks import storable
from internal.infrastructure.tasks.storable import NotStorable
from internal.ports import option_rules as rules

_LONGEST = milliseconds(rules.LONGEST)
_MESSAGE_FIELDS = {field.name for field in fields(Message)}
_json = JSONEncoder()
_count = rules.whole_number(0, "must not be negative")


def _time(value: object) -> str | None:
    """Milliseconds, as in Dramatiq, where infinity means "no limit"."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "must be a number of milliseconds"
    is_within = 0 <= value <= _LONGEST or value == float("inf")
    return None if is_within else f"must be within 0 to {_LONGEST} ms"


def _whole_time(value: object) -> str | None:
    return _count(value) or _time(value)


_RULES: Mapping[str, rules.Rule] = {
    "max_retries": _count,
    "retries": _count,
    "min_backoff": _whole_time,
    "max_backoff": _whole_time,
    "retention": _whole_time,
    "delay": _whole_time,
    "time_limit": _time,
    "max_age": _time,
    "headers": rules.headers,
}


def require_options(options: Mapping[str, Any]) -> None:
    """Raise ValueError for an invalid option of an actor or a message."""
    for name, rule in _RULES.items():
        value = options.get(name)
        if value is not None and (problem := rule(value)):
            raise ValueError(f"{name} {problem}")


def encode(message: Message[Any], *, delay: int | None, most_bytes: int) -> bytes:
    """Encode a message for storage.

    Raises:
        ValueError: an option or the delay is invalid, or the message is too large or would arrive changed.
    """
    require_options({**message.options, "delay": delay})
    for name in ("queue_name", "actor_name", "message_id"):
        value = getattr(message, name)
        # Encoding checks the rest.
        if not (isinstance(value, str) and value):
            raise ValueError(f"{name} {rules.name(value)}")
    try:
        data = message.encode()
        _require_arrival(message, data)
    except (TypeError, ValueError, OverflowError, RecursionError, DecodeError, msgspec.MsgspecError) as error:
        reason = error if isinstance(error, NotStorable) else f"it cannot be encoded ({type(error).__name__})"
        raise NotStorable(f"a message for {message.actor_name} cannot be stored: {reason}") from error
    if len(data) > (2 * most_bytes if _contains_message(message) else most_bytes):
        size = f"a message for {message.actor_name} has {len(data)} bytes"
        raise NotStorable(f"{size}; the most is {most_bytes}")
    return data


def _contains_message(message: Message[Any]) -> bool:
    """Callbacks get the whole original message as an argument."""
    return any(isinstance(value, dict) and value.keys() == _MESSAGE_FIELDS for value in message.args)


def _require_arrival(message: Message[Any], data: bytes) -> None:
    """Decode the message as a worker does, and compare. The application may have its own encoder."""
    encoder = dramatiq.get_encoder()
    if isinstance(encoder, JSONEncoder | dramatiq.JSONEncoder):
        storable.require(data)
        encoder = _json
    arrived = encoder.decode(data)
    for part in ("args", "kwargs", "options"):
        sent = list(message.args) if part == "args" else getattr(message, part)
        if not _is_same(sent, list(arrived[part]) if part == "args" else arrived[part]):
            raise NotStorable(f"its {part} would arrive changed: {storable.WHAT_JSON_HAS}")


def _is_same(sent: object, arrived: object) -> bool:
    """Compare, and accept that messages inside callbacks and pipelines have their arguments in a tuple."""
    if storable.is_same(sent, arrived):
        return True
    if isinstance(sent, dict) and isinstance(arrived, dict) and sent.keys() == arrived.keys():
        plain = {**sent, "args": list(sent["args"])} if sent.keys() == _MESSAGE_FIELDS else sent
        return all(_is_same(value, arrived[name]) for name, value in plain.items())
    if isinstance(sent, list) and isinstance(arrived, list) and len(sent) == len(arrived):
        return all(map(_is_same, sent, arrived))
    return False
