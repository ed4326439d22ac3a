"""The Lua scripts, one for each verb. Each is assembled from shared files and its own."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha1
from importlib.resources import files
from typing import Any, Protocol

import msgspec
import redis
from redis.exceptions import NoScriptError

_encode: Callable[[Any], bytes] = msgspec.msgpack.Encoder().encode


# The most tasks that one call stores, settles or dequeues. A call blocks Redis, and Lua can only unpack
# some thousand values.
MOST_AT_ONCE = 500
# The most bytes of tasks that one call stores, unless it stores one larger task. Slow networks need a limit.
CALL_BYTES = 1024 * 1024


def text(data: bytes) -> msgspec.Raw:
    """Encode bytes as msgpack's `str 32`: Redis' cmsgpack has no `bin`, and Lua treats both alike."""
    return msgspec.Raw(b"\xdb" + len(data).to_bytes(4, "big") + data)


def encode_request(request: Any) -> bytes:
    try:
        return _encode(request)
    except UnicodeEncodeError:
        return _encode(_as_bytes(request))


def _as_bytes(value: Any) -> Any:
    """Encode each text that `lossless` in `any_bytes.py` has decoded."""
    if isinstance(value, str):
        return text(value.encode(errors="surrogateescape"))
    if isinstance(value, list | tuple):
        return [_as_bytes(item) for item in value]
    return value


class Connection(Protocol):
    async def call(self, *command: Any) -> Any: ...


class Script:
    """A Lua script that takes the namespace as its key and one request as its argument."""

    def __init__(
        self,
        name: str,
        *,
        after: Sequence[str],
        is_repeatable: bool = True,
    ) -> None:
        self.name = name
        self._after = after
        self._is_repeatable = is_repeatable

    @cached_property
    def parts(self) -> Mapping[str, str]:
        """The text of each file by its name: shared files first, its own file last."""
        directory = files(__package__) / "lua"
        return {name: (directory / f"{name}.lua").read_text() for name in (*self._after, self.name)}

    @cached_property
    def source(self) -> str:
        *shared, own = self.parts.values()
        shebang, body = own.split("\n", 1)
        return "\n".join([shebang, *shared, body])

    @cached_property
    def sha(self) -> str:
        return sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    async def call(self, connection: Connection, namespace: str, request: Any) -> Any:
        arguments = (1, namespace, encode_request(request))
        try:
            return await connection.call("EVALSHA", self.sha, *arguments)
        except NoScriptError:
            return await connection.call("EVAL", self.source, *arguments)

    def call_blocking(self, client: redis.Redis, namespace: str, request: Any) -> Any:
        """Call the script, and repeat a repeatable one once if the connection broke."""
        arguments = (1, namespace, encode_request(request))
        try:
            return self._evaluate(client, *arguments)
        except (redis.ConnectionError, redis.TimeoutError):
            if not self._is_repeatable:
                raise
            return self._evaluate(client, *arguments)

    def _evaluate(self, client: redis.Redis, *arguments: Any) -> Any:
        try:
            return client.execute_command("EVALSHA", self.sha, *arguments)
        except NoScriptError:
            return client.execute_command("EVAL", self.source, *arguments)


_KEYS = ("shared/keys",)
_STATISTICS = (*_KEYS, "shared/statistics_periods")
_RECORDS = (*_KEYS, "shared/records")
_STATES = (*_RECORDS, "shared/task_state")
_READING = (*_STATES, "shared/describe_tasks")
_ENTERING = (*_RECORDS, "shared/pending_line", "shared/enter_state")
_STORING = (*_ENTERING, "shared/locks", "shared/task_state", "shared/store_tasks")
_LIMITS = (*_ENTERING, "shared/served_queues", "shared/limit_lines")
_ENDING = (*_LIMITS, "shared/ending")
_FOLLOWING = (*_ENDING, "shared/locks", "shared/task_state", "shared/store_tasks", "shared/followers")

PUBLISH = Script("publishing/publish", after=_STORING)
SEND = Script("publishing/send", after=("shared/keys", "shared/pending_line"))
SETTLE_AND_FETCH = Script(
    "worker/settle_and_fetch",
    after=(*_FOLLOWING, "worker/leases", "worker/apply_outcomes", "worker/start_under_limits"),
    is_repeatable=False,  # a lost reply may have contained tasks
)
EXTEND = Script("worker/extend", after=(*_ENDING, "worker/leases"))
PAUSE = Script("inspection/pause", after=_LIMITS)
RESULT = Script("inspection/result", after=_STATES)
EXIST = Script("publishing/exist", after=_KEYS)
SIZE = Script("broker/size", after=_KEYS)
FLUSH = Script("broker/flush", after=_ENDING)
ANNOUNCE_SCHEDULE = Script("scheduling/announce_schedule", after=(*_KEYS, "scheduling/schedule_entries"))
ENQUEUE_SLOT = Script("scheduling/enqueue_slot", after=(*_STORING, "scheduling/schedule_entries"))
PAUSE_SCHEDULE = Script("scheduling/pause_schedule", after=(*_KEYS, "scheduling/schedule_entries"))
RUN_SCHEDULE = Script("scheduling/run_schedule", after=(*_STORING, "scheduling/schedule_entries"))
SCHEDULES = Script("scheduling/schedules", after=(*_KEYS, "scheduling/schedule_entries"))

REGISTER = Script("worker/register", after=(*_LIMITS, "shared/quiet_workers", "worker/clock_correction"))
UNREGISTER = Script("worker/unregister", after=(*_LIMITS, "shared/quiet_workers"))
QUIET = Script("inspection/quiet", after=(*_KEYS, "shared/quiet_workers"))
ADD_STATISTICS = Script("worker/add_statistics", after=_STATISTICS)
DROP_STATISTICS = Script("worker/drop_statistics", after=_STATISTICS)
WORKERS = Script("inspection/workers", after=_KEYS)

QUEUES = Script("inspection/queues", after=(*_STATES, "shared/pending_line"))
HISTORY = Script("inspection/history", after=_KEYS)
STATISTICS = Script("inspection/statistics", after=_STATISTICS)
DUE = Script("inspection/due", after=_KEYS)
PAGE = Script("inspection/page", after=(*_READING, "inspection/reading_order"))
FAILURES = Script("inspection/failures", after=(*_READING, "inspection/reading_order"))
FAILURE_NOTES = Script("inspection/failure_notes", after=(*_KEYS, "shared/records"))
ACTIVE = Script("inspection/active", after=_KEYS)
READ_TASKS = Script("inspection/read_tasks", after=_READING)
TASK = Script("inspection/task", after=_STATES)
ACTION_PRECHECK = Script("inspection/action_precheck", after=_STATES)

RUN = Script(
    "inspection/run", after=(*_ENTERING, "shared/locks", "shared/task_state", "inspection/act_on_each")
)
ARCHIVE = Script("inspection/archive", after=(*_FOLLOWING, "inspection/act_on_each"))
DELETE = Script("inspection/delete", after=(*_ENDING, "shared/task_state", "inspection/act_on_each"))
CANCEL = Script("inspection/cancel", after=(*_STATES, "inspection/act_on_each"))
REMOVE = Script("inspection/remove", after=_STATES)
CLEAR = Script("inspection/clear", after=_KEYS)
