"""The Lua scripts, one a verb; `lua/moves.lua` stands in front of each."""

from collections.abc import Callable
from functools import cached_property
from hashlib import sha1
from importlib.resources import files
from typing import Any

import msgspec
import redis
from redis.exceptions import NoScriptError

from internal.infrastructure.taskqueue.connection import Wire

encode_request: Callable[[Any], bytes] = msgspec.msgpack.Encoder().encode


def text(data: bytes) -> msgspec.Raw:
    """Bytes of any kind as msgpack's `str 32`: Redis' cmsgpack knows no `bin`, and Lua does not care."""
    return msgspec.Raw(b"\xdb" + len(data).to_bytes(4, "big") + data)


class Script:
    """A Lua script that takes the namespace as its key and one request as its argument."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def source(self) -> str:
        directory = files(__package__) / "lua"
        shebang, body = (directory / f"{self._name}.lua").read_text().split("\n", 1)
        return f"{shebang}\n{(directory / 'moves.lua').read_text()}\n{body}"

    @cached_property
    def sha(self) -> str:
        return sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    async def call(self, wire: Wire, namespace: str, request: Any) -> Any:
        arguments = (1, namespace, encode_request(request))
        try:
            return await wire.call("EVALSHA", self.sha, *arguments)
        except NoScriptError:
            return await wire.call("EVAL", self.source, *arguments)

    def call_blocking(self, client: redis.Redis, namespace: str, request: Any) -> Any:
        arguments = (1, namespace, encode_request(request))
        try:
            return client.execute_command("EVALSHA", self.sha, *arguments)
        except NoScriptError:
            return client.execute_command("EVAL", self.source, *arguments)


PUBLISH = Script("publish")
SETTLE_AND_FETCH = Script("settle_and_fetch")
EXTEND = Script("extend")
PAUSE = Script("pause")
EXIST = Script("exist")
SIZE = Script("size")
FLUSH = Script("flush")
