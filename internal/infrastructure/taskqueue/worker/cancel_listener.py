import asyncio
from collections.abc import Callable, Collection
from typing import Any

import msgspec
import structlog
from redis.asyncio import ConnectionPool

from internal.infrastructure.taskqueue.connections.connection import OUTAGES, DedicatedConnection
from internal.infrastructure.taskqueue.connections.timeouts import TIMEOUT
from internal.infrastructure.taskqueue.delivery.settlements import Lease

log = structlog.get_logger(__name__)

# Seconds.
AGAIN_AFTER = 1.0
_decode = msgspec.msgpack.Decoder(Lease).decode


class _Subscription(DedicatedConnection):
    """A connection on which Redis sends messages unasked."""

    async def subscribe(self, channel: str) -> None:
        await self._connect()
        async with asyncio.timeout(TIMEOUT):
            await self._connection.send_command("SUBSCRIBE", channel, check_health=False)

    async def heard(self, *, within: float) -> Any:
        """The next message, or the answer to a subscription; None if there was neither."""
        return await self._connection.read_response(timeout=within, push_request=True)


class CancelListener:
    """Hears at once, on a connection of its own, which tasks an operator has cancelled.

    The lease extender hears of cancellations that are published while the connection is gone.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        namespace: str,
        silence: float,
        heard: Callable[[Collection[Lease]], None],
    ) -> None:
        self._subscription = _Subscription(pool)
        self._channel = f"{namespace}:cancel"
        self._silence = silence
        self._heard = heard

    async def listen(self) -> None:
        """Listen until cancelled, through any outage."""
        while True:
            try:
                await self._listen()
            except (*OUTAGES, TimeoutError):
                await self._pause()
            except Exception:
                # A defect, which must not end the worker's work.
                log.exception("cancellations.failed")
                await self._pause()

    async def close(self) -> None:
        await self._subscription.close()

    async def _pause(self) -> None:
        await self.close()
        await asyncio.sleep(AGAIN_AFTER)

    async def _listen(self) -> None:
        """Subscribe again after a silence: a dead connection does not answer."""
        await self._subscription.subscribe(self._channel)
        is_answered = False
        while True:
            said = await self._subscription.heard(within=self._silence)
            if said is None:
                if not is_answered:
                    raise TimeoutError
                await self._subscription.subscribe(self._channel)
                is_answered = False
            elif said[0] == b"message":
                self._hear(said[2])
            else:
                is_answered = True

    def _hear(self, said: bytes) -> None:
        try:
            self._heard([_decode(said)])
        except msgspec.MsgspecError as error:
            log.warning("cancellations.not_understood", reason=str(error))
