"""The reasons why Redis fails a command, with one text for each."""

import redis.exceptions
from redis.sentinel import MasterNotFoundError

from internal.infrastructure.taskqueue.connections.watched_connection import NoTlsAnswer
from internal.infrastructure.telemetry.network_errors import CLOSED, NO_ANSWER, by_text, chain, network_reason

NO_CLUSTER = "Redis runs in cluster mode, which the task queue does not support"

# By the first word of the error.
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
    "NOPERM": "Redis denies this user a permission that the task queue needs (NOPERM)",
    **dict.fromkeys(("MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "TRYAGAIN"), NO_CLUSTER),
}

# Errors without a code, and errors of redis-py.
_TEXTS = [
    ("not allowed in cluster mode", NO_CLUSTER),
    # The texts of Redis and of Valkey.
    ("user executing the script can't", _ANSWERS["NOPERM"]),
    ("ACL failure in script", _ANSWERS["NOPERM"]),
    ("without any password configured", "Redis has no password, and REDIS_URL has one"),
    ("DB index is out of range", "Redis has no database of this number"),
    ("Invalid Database", "Redis has no database of this number"),
    ("max number of clients", "Redis has too many connections"),
    ("protected mode", "Redis accepts only local connections (protected mode)"),
]
_CLOSED = "Redis closed the connection, as one that requires TLS (rediss://) does"

# Redis would accept the same command later.
_TEMPORARY = ("OOM", "NOREPLICAS", "MISCONF", "READONLY", "MASTERDOWN", "LOADING", "BUSY")
_MAY_HAVE_MOVED = ("NOREPLICAS", "READONLY", "UNBLOCKED")
# A command is larger than `proto-max-bulk-len`.
PROTOCOL_ERROR = "Protocol error"
# "user_script" is in every error that is raised inside a script.
_PERMANENT = (PROTOCOL_ERROR, "user_script")


def why(error: BaseException) -> str:
    """The reason in our own words, because the error's text may contain a host or data."""
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
    return _connection_reason(error)


def _connection_reason(error: BaseException) -> str:
    reason = network_reason(error)
    if reason == NO_ANSWER:
        return "Redis does not answer in time"
    if reason == CLOSED or by_text(str(error), [("closed by server", CLOSED), ("reset by peer", CLOSED)]):
        return _CLOSED
    if reason is None and isinstance(error, redis.exceptions.ResponseError):
        return "Redis refuses a command"
    return f"Redis cannot be reached: {reason}" if reason else "Redis cannot be reached"


def is_temporary(error: redis.exceptions.RedisError) -> bool:
    """Whether Redis is down or cannot write for now, and would accept the same command later."""
    is_down = redis.exceptions.ConnectionError | redis.exceptions.TimeoutError
    return isinstance(error, is_down) or _code(error) in _TEMPORARY


def is_full(error: BaseException) -> bool:
    """Whether Redis has no memory left for what the command would write."""
    return _code(error) == "OOM"


def is_refusal(error: redis.exceptions.ResponseError) -> bool:
    """Whether Redis will never accept this command: a script failed, or the command is too large."""
    return _code(error) not in _ANSWERS and any(mark in str(error) for mark in _PERMANENT)


def may_have_moved(error: redis.exceptions.RedisError) -> bool:
    """Whether another server may be the master now."""
    return _code(error) in _MAY_HAVE_MOVED


def _code(error: BaseException | None) -> str:
    """redis-py strips some codes from the text, and keeps others in it."""
    if not isinstance(error, redis.exceptions.RedisError):
        return ""
    return error.status_code or str(error).partition(" ")[0]
