"""Which of Dramatiq's messages and options arrive as they were sent; the others are refused at the call."""

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
_MESSAGE = {field.name for field in fields(Message)}
_ours = JSONEncoder()
_count = rules.whole_number(0, "must not be negative")


def _time(value: object) -> str | None:
    """In ms, as Dramatiq has it; infinity is its "no limit"."""
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
    """Raise ValueError for an option, of an actor or of a message, that the engine would misread."""
    for name, rule in _RULES.items():
        value = options.get(name)
        if value is not None and (problem := rule(value)):
            raise ValueError(f"{name} {problem}")


def encode(message: Message[Any], *, delay: int | None, most_bytes: int) -> bytes:
    """A message as it is stored.

    Raises:
        ValueError: an option or the delay is wrong, the message is too large, or a worker would not get what
            was sent.
    """
    require_options({**message.options, "delay": delay})
    for name in ("queue_name", "actor_name", "message_id"):
        value = getattr(message, name)
        if not (isinstance(value, str) and value):  # encoding checks the rest
            raise ValueError(f"{name} {rules.name(value)}")
    try:
        data = message.encode()
        _require_arrival(message, data)
    except (TypeError, ValueError, OverflowError, RecursionError, DecodeError, msgspec.MsgspecError) as error:
        reason = error if isinstance(error, NotStorable) else f"it cannot be encoded ({type(error).__name__})"
        raise NotStorable(f"a message for {message.actor_name} cannot be stored: {reason}") from error
    if len(data) > (2 * most_bytes if _tells_of_another(message) else most_bytes):
        size = f"a message for {message.actor_name} has {len(data)} bytes"
        raise NotStorable(f"{size}; the most is {most_bytes}")
    return data


def _tells_of_another(message: Message[Any]) -> bool:
    """A callback has the whole message that it is about among its arguments."""
    return any(isinstance(value, dict) and value.keys() == _MESSAGE for value in message.args)


def _require_arrival(message: Message[Any], data: bytes) -> None:
    """Read it as a worker does: as JSON, or by the encoder that the program has instead."""
    encoder = dramatiq.get_encoder()
    if isinstance(encoder, JSONEncoder | dramatiq.JSONEncoder):
        storable.require(data)
        encoder = _ours
    said = encoder.decode(data)
    for part in ("args", "kwargs", "options"):
        sent = list(message.args) if part == "args" else getattr(message, part)
        if not _is_same(sent, list(said[part]) if part == "args" else said[part]):
            raise NotStorable(f"its {part} would arrive changed: {storable.WHAT_JSON_HAS}")


def _is_same(sent: object, arrived: object) -> bool:
    """Messages in a message, which callbacks and pipelines have, keep their arguments in a tuple."""
    if storable.is_same(sent, arrived):
        return True
    if isinstance(sent, dict) and isinstance(arrived, dict) and sent.keys() == arrived.keys():
        plain = {**sent, "args": list(sent["args"])} if sent.keys() == _MESSAGE else sent
        return all(_is_same(value, arrived[name]) for name, value in plain.items())
    if isinstance(sent, list) and isinstance(arrived, list) and len(sent) == len(arrived):
        return all(map(_is_same, sent, arrived))
    return False
