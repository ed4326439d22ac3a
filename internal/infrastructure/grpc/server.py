from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

import grpc.aio
from grpc_reflection.v1alpha import reflection

from internal.infrastructure.config.trusted_proxies import Network
from internal.infrastructure.grpc.access import AccessGuard
from internal.infrastructure.grpc.callers import Callers
from internal.infrastructure.grpc.health import SERVICE_NAME, HealthReport, add_HealthServicer_to_server
from internal.infrastructure.grpc.interceptor import CallInterceptor
from internal.infrastructure.grpc.running_calls import RunningCalls
from internal.infrastructure.grpc.services.all_services import NAMES, Providers, add_services

# A connection ends after this time without a call, or after that time, so that clients find new servers.
IDLE_FOR = timedelta(minutes=5)
LASTS_FOR = timedelta(minutes=10)
# The server asks a silent peer whether it is there, and lets clients ask this often.
PING_EVERY = timedelta(minutes=2)
PONG_WITHIN = timedelta(seconds=20)
PINGED_AT_MOST_EVERY = timedelta(seconds=10)
# Calls of one connection, also those whose message does not come. A client waits before it begins more.
CALLS_PER_CONNECTION = 1000
# At the end, for the last answers to leave.
STOPS_WITHIN = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`calls`: answered at once. `within`: the most time that a call may take."""

    calls: int
    message_bytes: int
    within: timedelta


class GrpcServer:
    """`providers` build what the services and the access guard ask for, by parameter name."""

    def __init__(
        self,
        *,
        providers: Providers,
        is_ready: Callable[[], Awaitable[bool]],
        trusted_proxies: Collection[Network],
        limits: Limits,
        has_reflection: bool,
    ) -> None:
        self.health = HealthReport(NAMES, is_ready=is_ready)
        self._running = RunningCalls(most=limits.calls)
        interceptor = CallInterceptor(
            callers=Callers(trusted=trusted_proxies),
            guard=AccessGuard(authenticate=providers["authenticate"], authorize=providers["authorize"]),
            running=self._running,
            within=limits.within,
        )
        self._server = grpc.aio.server(interceptors=[interceptor], options=_options(limits))
        add_services(self._server, providers)
        add_HealthServicer_to_server(self.health.servicer, self._server)
        if has_reflection:
            reflection.enable_server_reflection([*NAMES, SERVICE_NAME, reflection.SERVICE_NAME], self._server)

    async def start(self, address: str, credentials: grpc.ServerCredentials | None = None) -> int:
        """Listen on `address`, such as `127.0.0.1:50051`, and return the port. With `credentials`, use TLS.

        Raises:
            RuntimeError: the address cannot be used.
        """
        if credentials:
            port = self._server.add_secure_port(address, credentials)
        else:
            port = self._server.add_insecure_port(address)
        await self.health.update()
        await self._server.start()
        return port

    async def finish_calls(self) -> None:
        """Refuse new calls, and wait for the end of those that are being answered."""
        await self._running.close()

    async def stop(self) -> None:
        """End everything, also what only a client would end, such as a call that watches the health."""
        await self._server.stop(STOPS_WITHIN.total_seconds())


def _options(limits: Limits) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", limits.message_bytes),
        ("grpc.max_send_message_length", limits.message_bytes),
        ("grpc.max_concurrent_streams", CALLS_PER_CONNECTION),
        ("grpc.max_connection_idle_ms", _milliseconds(IDLE_FOR)),
        ("grpc.max_connection_age_ms", _milliseconds(LASTS_FOR)),
        ("grpc.max_connection_age_grace_ms", _milliseconds(limits.within)),
        ("grpc.keepalive_time_ms", _milliseconds(PING_EVERY)),
        ("grpc.keepalive_timeout_ms", _milliseconds(PONG_WITHIN)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", _milliseconds(PINGED_AT_MOST_EVERY)),
        # Two servers must not share a port silently.
        ("grpc.so_reuseport", 0),
    ]


def _milliseconds(time: timedelta) -> int:
    return int(time.total_seconds() * 1000)
