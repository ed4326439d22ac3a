"""The process of `cmd.grpc`: one event loop serves all calls, another thread answers health checks."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import structlog
import uvloop

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.grpc.loop_health import LoopHealth
from internal.infrastructure.bootstrap.lifespan import in_background, open_resources
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.process.process_signals import STOP_SIGNALS
from internal.infrastructure.bootstrap.readiness_checks import readiness_checks_of
from internal.infrastructure.bootstrap.server.listening_sockets import (
    private_socket,
    require_free_port,
    resolve,
)
from internal.infrastructure.bootstrap.server.server_plan import ServerPlan
from internal.infrastructure.bootstrap.services.supported_redis import require_supported_redis
from internal.infrastructure.bootstrap.use_cases import use_cases_by_name
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.config.trusted_proxies import parse_trusted_proxies
from internal.infrastructure.grpc.server import GrpcServer, Limits
from internal.infrastructure.grpc.tls import TlsFiles, server_credentials
from internal.infrastructure.http.private_listener import PrivateListener
from internal.infrastructure.inbound.readiness import Readiness, assess
from internal.infrastructure.taskqueue.connections.redis_checks import warn_of_losses

log = structlog.get_logger(__name__)


def serve(settings: Settings) -> None:
    """Serve gRPC until SIGTERM or SIGINT, then finish the running calls. A second signal ends them.

    Raises:
        NotReady: a port is in use, a certificate cannot be used, or this kind of Redis is not supported.
    """
    uvloop.run(_serve(Container(settings=settings)))


async def _serve(container: Container) -> None:
    plan = ServerPlan.of_grpc(container.settings())
    orders = _Orders()
    checks = readiness_checks_of(container, orders.stop)
    redis = container.taskqueue().redis()

    async def readiness() -> Readiness:
        return await assess(checks())

    async with open_resources(container), in_background(warn_of_losses(redis)):
        await require_supported_redis(redis)
        server = grpc_server_of(container, is_ready=lambda: _is_ready(readiness))
        private = private_socket(plan)
        await server.start(_free_address(plan), credentials_of(container.settings()))
        PrivateListener(private, LoopHealth(asyncio.get_running_loop(), readiness=readiness).routes).start()
        log.info("grpc.started", host=plan.host, port=plan.port)
        orders.listen()
        async with in_background(server.health.keep()):
            await orders.stop.wait()
        await server.health.stop()
        await orders.hurry_within(plan.drain_time)
        await _first_of(server.finish_calls(), orders.hurry_within(plan.shutdown_timeout))
        await server.stop()


def grpc_server_of(container: Container, *, is_ready: Callable[[], Awaitable[bool]]) -> GrpcServer:
    """Build it on the event loop that serves."""
    settings = container.settings()
    return GrpcServer(
        providers=use_cases_by_name(container),
        is_ready=is_ready,
        trusted_proxies=parse_trusted_proxies(settings.trusted_proxies),
        limits=Limits(
            calls=settings.grpc_max_calls,
            message_bytes=settings.grpc_max_message_bytes,
            within=timedelta(seconds=settings.grpc_call_timeout),
        ),
        has_reflection=settings.has_grpc_reflection,
    )


class _Orders:
    """What the signals say: the first one to stop, the second one to hurry."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()

    def listen(self) -> None:
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._obey)

    async def hurry_within(self, seconds: float) -> None:
        """Wait for the order, at most for this long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.hurry.wait()

    def _obey(self) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()


async def _is_ready(readiness: Callable[[], Awaitable[Readiness]]) -> bool:
    return (await readiness()).status != "down"


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Wait until one of them is done, and cancel the others."""
    tasks = [asyncio.create_task(work) for work in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def credentials_of(settings: Settings) -> grpc.ServerCredentials | None:
    """Raise NotReady if the files for TLS cannot be used."""
    certificate, key, client_ca = settings.grpc_tls_cert, settings.grpc_tls_key, settings.grpc_tls_client_ca
    if not certificate or not key:
        return None
    try:
        return server_credentials(
            TlsFiles(
                certificate=Path(certificate), key=Path(key), client_ca=Path(client_ca) if client_ca else None
            )
        )
    except OSError as error:  # also of a wrong file: ssl.SSLError is one
        raise NotReady(
            f"GRPC_TLS_CERT, GRPC_TLS_KEY and GRPC_TLS_CLIENT_CA cannot be used: {error.strerror or error}"
        ) from error


def _free_address(plan: ServerPlan) -> str:
    """Raise NotReady if the port is in use."""
    host = resolve(plan.host, setting="GRPC_HOST")
    require_free_port(host, plan.port, setting="GRPC_PORT")
    return f"[{host}]:{plan.port}" if ":" in host else f"{host}:{plan.port}"
