"""The type and the bounds of each task option. The bounds come from Redis and Postgres."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

MOMENT = timedelta(milliseconds=1)  # the shortest time of the engine
LONGEST = timedelta(days=365_250)  # a thousand years: due times stay within the range of datetime
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(4000, 1, 1, tzinfo=UTC)
LARGEST = 2**53 - 1  # the largest whole number that is exact in Redis' Lua
LONGEST_KEY = 4096  # characters
LONGEST_ID = 255  # characters: a Postgres index takes 2,700 bytes at most

Rule = Callable[[object], str | None]  # returns the problem with a value, to follow the option's name


def text(value: object) -> str | None:
    """Check that UTF-8 and Postgres can store the text."""
    if not isinstance(value, str):
        return "must be text"
    if "\0" in value:
        return "must not contain NUL"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "must not contain a lone surrogate"
    return None


def name(value: object) -> str | None:
    return text(value) or (None if str(value).strip() else "must not be blank")


def identifier(value: object) -> str | None:
    too_long = len(str(value)) > LONGEST_ID
    return name(value) or (f"must not be longer than {LONGEST_ID} characters" if too_long else None)


def key(value: object) -> str | None:
    too_long = len(str(value)) > LONGEST_KEY
    return text(value) or (f"must not be longer than {LONGEST_KEY} characters" if too_long else None)


def whole_number(least: int, otherwise: str) -> Rule:
    def rule(value: object) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "must be a whole number"
        if value < least:
            return otherwise
        return f"must not be more than {LARGEST}" if value > LARGEST else None

    return rule


def span(least: timedelta, otherwise: str) -> Rule:
    def rule(value: object) -> str | None:
        if not isinstance(value, timedelta):
            return "must be a timedelta"
        if value < least:
            return otherwise
        return f"must not be longer than {LONGEST.days} days" if value > LONGEST else None

    return rule


def moment(value: object) -> str | None:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        return "must be an aware datetime"
    is_near = EARLIEST <= value < LATEST
    return None if is_near else f"must be within the years {EARLIEST.year} to {LATEST.year - 1}"


def headers(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return "must be a mapping of text to text"
    for key, of_key in value.items():
        if problem := text(key) or text(of_key):
            return f"must be a mapping of text to text; one {problem}"
    return None


def until(value: object) -> str | None:
    return None if isinstance(value, str) and value in {"done", "expiry"} else 'must be "done" or "expiry"'


def _optional(rule: Rule) -> Rule:
    return lambda value: None if value is None else rule(value)


count = whole_number(1, "must be at least 1")
lasting = span(MOMENT, "must be at least 1 ms")

RULES: Mapping[str, Rule] = {
    "queue": name,
    "task_id": _optional(identifier),
    "max_retries": whole_number(0, "must not be negative"),
    "timeout": lasting,
    "deadline": _optional(moment),
    "delay": _optional(span(timedelta(0), "must not be negative")),
    "process_at": _optional(moment),
    "unique_for": _optional(lasting),
    "unique_key": _optional(key),
    "unique_until": until,
    "retention": span(timedelta(0), "must not be negative"),
    "headers": headers,
    "max_running": _optional(count),
    "limit_key": _optional(key),
}

CONFLICTS: Mapping[str, Callable[[Any], bool]] = {
    "delay and process_at exclude each other": lambda options: (
        None not in {options.delay, options.process_at}
    ),
    "unique_key needs unique_for": lambda options: (
        options.unique_for is None and options.unique_key is not None
    ),
    "unique_until needs unique_for": lambda options: (
        options.unique_for is None and options.unique_until != "done"
    ),
    "limit_key needs max_running or rate": lambda options: (
        options.limit_key is not None and options.max_running is None and options.rate is None
    ),
}
