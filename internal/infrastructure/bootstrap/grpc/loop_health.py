"""`/livez` and `/readyz` of a process whose event loop runs in another thread."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from internal.infrastructure.http.private_listener import Answer, Route
from internal.infrastructure.http.readiness import status_code
from internal.infrastructure.inbound.readiness import CHECK_WITHIN, Readiness

ANSWER_WITHIN = 1  # seconds
NO_ANSWER = f"no answer within {ANSWER_WITHIN} s"

ResultT = TypeVar("ResultT")
Ask = Callable[[], Coroutine[Any, Any, Readiness]]


class LoopHealth:
    def __init__(self, loop: asyncio.AbstractEventLoop, *, readiness: Ask) -> None:
        self._loop = loop
        self._readiness = readiness

    @property
    def routes(self) -> Mapping[str, Route]:
        return {"/livez": self.livez, "/readyz": self.readyz}

    async def livez(self) -> Answer:
        try:
            await self._on_loop(_nothing(), within=ANSWER_WITHIN)
        except TimeoutError:
            return Answer.json(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "down", "reason": NO_ANSWER})
        return Answer.json(HTTPStatus.OK, {"status": "ok"})

    async def readyz(self) -> Answer:
        try:
            readiness = await self._on_loop(self._readiness(), within=CHECK_WITHIN + ANSWER_WITHIN)
        except TimeoutError:
            readiness = Readiness(status="down", checks={"loop": "failed"}, reasons={"loop": NO_ANSWER})
        return Answer.json(status_code(readiness.status), readiness)

    def _on_loop(self, work: Coroutine[Any, Any, ResultT], *, within: float) -> Awaitable[ResultT]:
        asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        return asyncio.wait_for(asyncio.wrap_future(asked), within)


async def _nothing() -> None:
    pass
