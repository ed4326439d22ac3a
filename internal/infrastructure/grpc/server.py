from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from inspect import signature
from typing import Any

import grpc.aio
from grpc_reflection.v1alpha import reflection

from internal.infrastructure.config.trusted_proxies import Network
from internal.infrastructure.grpc.access import AccessGuard
from internal.infrastructure.grpc.callers import Callers
from internal.infrastructure.grpc.generated.user import user_pb2, user_pb2_grpc
from internal.infrastructure.grpc.health import SERVICE_NAME, HealthReport, add_HealthServicer_to_server
from internal.infrastructure.grpc.interceptor import CallInterceptor
from internal.infrastructure.grpc.running_calls import RunningCalls
from internal.infrastructure.grpc.services.user_service import UserService

Providers = Mapping[str, Callable[[], Any]]

# A connection ends after this time without a call, or after that time, so that clients find new servers.
IDLE_FOR = timedelta(minutes=5)
LASTS_FOR = timedelta(minutes=10)
# The server asks a silent peer whether it is there, and lets clients ask this often.
PING_EVERY = timedelta(minutes=2)
PONG_WITHIN = timedelta(seconds=20)
PINGED_AT_MOST_EVERY = timedelta(seconds=10)
# At the end, for the last answers to leave.
STOPS_WITHIN = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`calls`: answered at once. `within`: the most time that a call may take."""

    calls: int
    message_bytes: int
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    name: str
    build: Callable[..., Any]
    add: Callable[[Any, grpc.aio.Server], None]


_SERVICES: Sequence[_Service] = (
    _Service(
        name=user_pb2.DESCRIPTOR.services_by_name["UserService"].full_name,
        build=UserService,
        add=user_pb2_grpc.add_UserServiceServicer_to_server,
    ),
)


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
        names = [service.name for service in _SERVICES]
        self.health = HealthReport(names, is_ready=is_ready)
        self._running = RunningCalls(most=limits.calls)
        interceptor = CallInterceptor(
            callers=Callers(trusted=trusted_proxies),
            guard=AccessGuard(authenticate=providers["authenticate"], authorize=providers["authorize"]),
            running=self._running,
            within=limits.within,
        )
        self._server = grpc.aio.server(interceptors=[interceptor], options=_options(limits))
        for service in _SERVICES:
            wanted = signature(service.build).parameters
            service.add(service.build(**{name: providers[name] for name in wanted}), self._server)
        add_HealthServicer_to_server(self.health.servicer, self._server)
        if has_reflection:
            reflection.enable_server_reflection([*names, SERVICE_NAME, reflection.SERVICE_NAME], self._server)

    async def start(self, address: str) -> int:
        """Listen on `address`, such as `127.0.0.1:50051`, and return the port.

        Raises:
            RuntimeError: the address cannot be used.
        """
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
