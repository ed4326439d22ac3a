"""grpc.health.v1 says whether sign-ups can be served, for the whole server and for each service."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from grpc_health.v1.health import OVERALL_HEALTH, SERVICE_NAME, aio
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server

__all__ = ["SERVICE_NAME", "HealthReport", "add_HealthServicer_to_server"]

LOOKS_EVERY = 2.0  # seconds


class HealthReport:
    def __init__(self, services: Collection[str], *, is_ready: Callable[[], Awaitable[bool]]) -> None:
        self.servicer = aio.HealthServicer()
        self._names = (OVERALL_HEALTH, *services)
        self._is_ready = is_ready

    async def update(self) -> None:
        status = HealthCheckResponse.SERVING if await self._is_ready() else HealthCheckResponse.NOT_SERVING
        for name in self._names:
            await self.servicer.set(name, status)

    async def keep(self) -> None:
        """Update the report until cancelled."""
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            await self.update()

    async def stop(self) -> None:
        """Report from now on that nothing is served."""
        await self.servicer.enter_graceful_shutdown()
