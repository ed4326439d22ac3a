import asyncio
import time
from collections.abc import Callable
from contextvars import Context

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import is_outage
from internal.ports.unavailable import DatabaseUnreachable, Unavailable

log = structlog.get_logger(__name__)

ASK_EVERY = 1.0  # seconds
_ASK = text("SHOW transaction_read_only")  # also "on" at a standby


class DatabaseWatch:
    """Knows whether this process can write to Postgres, and when it last could not.

    `engine` is used only here: a shared pool may be exhausted although Postgres is healthy.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._notify: Callable[[bool], None] = lambda _: None
        self._is_away = False
        self._seen_away = float("-inf")
        self._asking: asyncio.Task[bool] | None = None

    async def run(self, notify: Callable[[bool], None]) -> None:
        """Ask until cancelled. `notify` gets True when Postgres is lost, and False when it is back."""
        self._notify = notify
        while True:
            await self._ask()
            await asyncio.sleep(ASK_EVERY)

    async def close(self) -> None:
        await self._engine.dispose()

    async def explains(self, error: Unavailable, *, since: float) -> bool:
        """Whether the only cause is that Postgres was unreachable at some time after `since` (monotonic)."""
        if isinstance(error, DatabaseUnreachable):
            await self._ask()
            return True
        return self._seen_away >= since or await self._ask()

    async def _ask(self) -> bool:
        """Whether Postgres is unreachable. Concurrent callers share one question."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._look(), context=Context())
        return await asyncio.shield(self._asking)

    async def _look(self) -> bool:
        is_away = await self._finds_it_away()
        if is_away:
            self._seen_away = time.monotonic()
        if is_away != self._is_away:
            self._is_away = is_away
            self._notify(is_away)
        return is_away

    async def _finds_it_away(self) -> bool:
        try:
            async with self._engine.connect() as connection:
                return bool((await connection.execute(_ASK)).scalar_one() == "on")
        except Exception as error:
            if not is_outage(error):
                log.exception("database.watch_failed")  # a bug must not stop the worker
            return is_outage(error)
