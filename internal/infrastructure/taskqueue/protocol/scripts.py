"""The Lua scripts, one a verb, each with what it shares with others in front of it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha1
from importlib.resources import files
from typing import Any, Protocol

import msgspec
import redis
from redis.exceptions import NoScriptError

encode_request: Callable[[Any], bytes] = msgspec.msgpack.Encoder().encode


# Tasks that one call may store, settle or hand out: Redis does nothing else meanwhile, and Lua unpacks only
# some thousand values.
MOST_AT_ONCE = 500
# Bytes of the tasks that one call stores, unless it is a single larger one: a slow network takes it in time.
CALL_BYTES = 1024 * 1024


def text(data: bytes) -> msgspec.Raw:
    """Bytes of any kind as msgpack's `str 32`: Redis' cmsgpack knows no `bin`, and Lua does not care."""
    return msgspec.Raw(b"\xdb" + len(data).to_bytes(4, "big") + data)


class Connection(Protocol):
    async def call(self, *command: Any) -> Any: ...


class Script:
    """A Lua script that takes the namespace as its key and one request as its argument."""

    def __init__(
        self,
        name: str,
        *,
        after: Sequence[str] = ("shared/moves", "shared/waiting", "shared/leaving"),
        is_repeatable: bool = True,
    ) -> None:
        self.name = name
        self._after = after
        self._is_repeatable = is_repeatable

    @cached_property
    def parts(self) -> Mapping[str, str]:
        """The text of each file by its name: those it shares first, its own last."""
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
        """Call it again, once, if a connection broke and it makes no difference: another one may work."""
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


PUBLISH = Script("publishing/publish", after=("shared/moves", "shared/states", "shared/publishing"))
SEND = Script("publishing/send", after=())
SETTLE_AND_FETCH = Script(
    "worker/settle_and_fetch",
    after=(
        "shared/moves",
        "shared/waiting",
        "shared/leaving",
        "shared/states",
        "shared/publishing",
        "shared/following",
        "worker/settling",
        "worker/limits",
    ),
    is_repeatable=False,  # nobody else knows what was in a lost reply
)
EXTEND = Script("worker/extend")
PAUSE = Script("inspection/pause", after=("shared/moves", "shared/waiting"))
RESULT = Script("inspection/result", after=("shared/moves", "shared/states"))
EXIST = Script("publishing/exist")
SIZE = Script("broker/size")
FLUSH = Script("broker/flush")
ANNOUNCE_SCHEDULE = Script("scheduling/announce_schedule", after=("shared/moves", "scheduling/scheduling"))
ENQUEUE_SLOT = Script(
    "scheduling/enqueue_slot",
    after=("shared/moves", "shared/states", "shared/publishing", "scheduling/scheduling"),
)
SCHEDULES = Script("scheduling/schedules", after=("shared/moves", "scheduling/scheduling"))

REGISTER = Script("worker/register", after=("shared/moves", "shared/waiting", "shared/clock"))
UNREGISTER = Script("worker/unregister", after=("shared/moves", "shared/waiting"))
WORKERS = Script("inspection/workers", after=("shared/moves",))

_LOOKING = ("shared/moves", "shared/states", "shared/reading")
QUEUES = Script("inspection/queues", after=_LOOKING)
HISTORY = Script("inspection/history", after=("shared/moves",))
PAGE = Script("inspection/page", after=_LOOKING)
ACTIVE = Script("inspection/active", after=("shared/moves",))
READ_TASKS = Script("inspection/read_tasks", after=_LOOKING)
TASK = Script("inspection/task", after=_LOOKING)
ACTION_PRECHECK = Script("inspection/action_precheck", after=_LOOKING)

RUN = Script("inspection/run", after=("shared/moves", "shared/states", "inspection/acting"))
ARCHIVE = Script(
    "inspection/archive",
    after=(
        "shared/moves",
        "shared/waiting",
        "shared/leaving",
        "shared/states",
        "shared/publishing",
        "shared/following",
        "inspection/acting",
    ),
)
DELETE = Script(
    "inspection/delete",
    after=("shared/moves", "shared/waiting", "shared/leaving", "shared/states", "inspection/acting"),
)
CANCEL = Script("inspection/cancel", after=("shared/moves", "shared/states", "inspection/acting"))
REMOVE = Script("inspection/remove", after=("shared/moves", "shared/states"))
CLEAR = Script("inspection/clear", after=("shared/moves",))
