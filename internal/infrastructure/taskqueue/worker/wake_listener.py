import asyncio
from contextlib import suppress

from internal.infrastructure.taskqueue.connections.connection import OUTAGES, DedicatedConnection
from internal.infrastructure.taskqueue.worker.connection_state import ConnectionState
from internal.infrastructure.taskqueue.worker.queue_shares import QueueShares

# Seconds between attempts to reach Redis, doubled up to the longest.
SHORTEST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
# Seconds that one call waits in Redis; the next one makes sure that the connection leads to the master.
LISTEN_FOR = 0.8


class WakeListener:
    """Waits in Redis for a wake token while the worker is hungry, on a connection of its own.

    A token that arrives when there is no room any more is not lost: the next fetch puts it back. A token
    that went to a broken connection is lost, so the worker looks for tasks after an outage.
    """

    def __init__(
        self,
        connection: DedicatedConnection,
        *,
        worker_id: str,
        shares: QueueShares,
        state: ConnectionState,
        beat: float,
    ) -> None:
        self._connection = connection
        self._own_key = f"{state.namespace}:wake:{worker_id}"
        self._shares = shares
        self._state = state
        self._beat = beat
        self._is_hungry = asyncio.Event()
        self._was_woken = False

    @property
    def was_woken(self) -> bool:
        return self._was_woken

    def forget_token(self) -> None:
        """Forget the token: the fetcher is about to look for tasks."""
        self._was_woken = False

    async def wait(self, longest: float) -> None:
        """Wait for a token, or any other change, at most this many seconds."""
        timer = asyncio.get_running_loop().call_later(longest, self._state.has_changed.set)
        self._is_hungry.set()
        try:
            await self._state.has_changed.wait()
        finally:
            timer.cancel()
            self._is_hungry.clear()

    async def run(self) -> None:
        """Listen until cancelled, through any outage."""
        within, pause = min(self._beat, LISTEN_FOR), SHORTEST_PAUSE
        while True:
            await self._is_hungry.wait()
            keys = [
                self._own_key,
                *(f"{self._state.namespace}:{queue}:wake" for queue in self._shares.queues),
            ]
            try:
                token = await self._connection.call("BLPOP", *keys, within, patience=within)
            except OUTAGES:
                # The fetcher's connection reports the reason.
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                pause = SHORTEST_PAUSE
                if not token:
                    continue
            self._is_hungry.clear()
            self._wake()

    async def listen_to_new_queues(self) -> None:
        """Look for tasks, and listen to the queues that are served by now.

        A token of this worker's own ends a wait that has begun. No token of a task is lost, no matter when
        it arrives.
        """
        self._wake()
        # After an outage the fetcher looks anyway.
        with suppress(*OUTAGES):
            await self._state.connection.call("LPUSH", self._own_key, 1)
            await self._state.connection.call("PEXPIRE", self._own_key, round(2000 * self._beat))

    def _wake(self) -> None:
        self._was_woken = True
        self._state.has_changed.set()
