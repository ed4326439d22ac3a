import asyncio
from typing import Any

from internal.infrastructure.taskqueue.connections.connection import DedicatedConnection
from internal.infrastructure.taskqueue.protocol.scripts import Script


class ConnectionState:
    """The connection of a worker, whether Redis answers on it, and whether the fetcher has something to do.

    The fetcher, the lease extender and the wake listener share it.
    """

    def __init__(self, connection: DedicatedConnection, *, namespace: str) -> None:
        self.connection = connection
        self.namespace = namespace
        # The error of the last call; None if Redis has answered.
        self.outage: BaseException | None = None
        # Set when there is an outcome, room for more, a wake token or an outage.
        self.has_changed = asyncio.Event()

    async def call(self, script: Script, request: Any) -> Any:
        return await script.call(self.connection, self.namespace, request)

    def broke(self, error: BaseException) -> None:
        self.outage = error
        self.has_changed.set()

    def recovered(self) -> None:
        self.outage = None
