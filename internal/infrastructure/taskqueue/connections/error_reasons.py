"""Why Redis did not do what it was asked to: one text for each reason, wherever it is shown."""

import redis.exceptions
from redis.sentinel import MasterNotFoundError

from internal.infrastructure.taskqueue.connections.watched_connection import NoTlsAnswer
from internal.infrastructure.telemetry.outage_reason import CLOSED, NO_ANSWER, by_text, chain, network_reason

NO_CLUSTER = "Redis runs in cluster mode, which the task queue does not support"

# By the first word of what Redis answers.
_ANSWERS = {
    "OOM": "Redis is full (OOM)",
    "NOREPLICAS": "Redis takes no writes: too few replicas follow it (NOREPLICAS)",
    "MISCONF": "Redis takes no writes: it cannot save to its disk (MISCONF)",
    "READONLY": "Redis takes no writes: it is a replica (READONLY)",
    "UNBLOCKED": "Redis takes no writes: it has just become a replica (UNBLOCKED)",
    "MASTERDOWN": "Redis is a replica that has lost its master (MASTERDOWN)",
    "LOADING": "Redis is still loading its data (LOADING)",
    "BUSY": "Redis is busy with a script (BUSY)",
    "NOAUTH": "Redis requires a password (NOAUTH)",
    "WRONGPASS": "Redis refuses the user name or the password (WRONGPASS)",
    "NOPERM": "Redis does not permit this user what the task queue needs (NOPERM)",
    **dict.fromkeys(("MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "TRYAGAIN"), NO_CLUSTER),
}

# What has no code of its own, or is told by redis-py.
_TEXTS = [
    ("not allowed in cluster mode", NO_CLUSTER),
    ("user executing the script can't", _ANSWERS["NOPERM"]),  # Redis
    ("ACL failure in script", _ANSWERS["NOPERM"]),  # Valkey
    ("without any password configured", "Redis has no password, and REDIS_URL has one"),
    ("DB index is out of range", "Redis has no database of this number"),
    ("Invalid Database", "Redis has no database of this number"),
    ("max number of clients", "Redis has too many connections"),
    ("protected mode", "Redis accepts only local connections (protected mode)"),
]
_CLOSED = "Redis closed the connection, as one that requires TLS (rediss://) does"

# What it would take later, unchanged.
_FOR_NOW = ("OOM", "NOREPLICAS", "MISCONF", "READONLY", "MASTERDOWN", "LOADING", "BUSY")
_MAY_HAVE_MOVED = ("NOREPLICAS", "READONLY", "UNBLOCKED")
BROKEN_OFF = "Protocol error"  # a command is larger than `proto-max-bulk-len`
_FOR_EVER = (BROKEN_OFF, "user_script")  # the latter is in every error that comes from inside a script


def why(error: BaseException) -> str:
    """The reason in our own words: those of others may name a host, or what was being written."""
    causes = list(chain(error))
    for cause in causes:
        if known := _ANSWERS.get(_code(cause)) or by_text(str(cause), _TEXTS):
            return known
    if isinstance(error, MasterNotFoundError):
        return "Redis cannot be reached: no sentinel knows the master"
    if any(isinstance(cause, NoTlsAnswer) for cause in causes):
        return "Redis does not answer in time, as one without TLS (redis://) does"
    if any(isinstance(cause, redis.exceptions.TimeoutError) for cause in causes):
        return "Redis does not answer in time"
    return _of_the_connection(error)


def _of_the_connection(error: BaseException) -> str:
    reason = network_reason(error)
    if reason == NO_ANSWER:
        return "Redis does not answer in time"
    if reason == CLOSED or by_text(str(error), [("closed by server", CLOSED), ("reset by peer", CLOSED)]):
        return _CLOSED
    if reason is None and isinstance(error, redis.exceptions.ResponseError):
        return "Redis refuses a command"
    return f"Redis cannot be reached: {reason}" if reason else "Redis cannot be reached"


def is_for_now(error: redis.exceptions.RedisError) -> bool:
    """Whether Redis could not be asked, or cannot write for now: it would take the same command later."""
    away = redis.exceptions.ConnectionError | redis.exceptions.TimeoutError
    return isinstance(error, away) or _code(error) in _FOR_NOW


def is_refusal(error: redis.exceptions.ResponseError) -> bool:
    """Whether Redis will never take this command: a script failed on its argument, or it is too large."""
    return _code(error) not in _ANSWERS and any(mark in str(error) for mark in _FOR_EVER)


def may_have_moved(error: redis.exceptions.RedisError) -> bool:
    """Whether the master may be elsewhere by now."""
    return _code(error) in _MAY_HAVE_MOVED


def _code(error: BaseException | None) -> str:
    """Redis-py keeps the code of some answers apart, and leaves that of others in the text."""
    if not isinstance(error, redis.exceptions.RedisError):
        return ""
    return error.status_code or str(error).partition(" ")[0]
