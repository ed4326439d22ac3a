import asyncio
import multiprocessing
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from litestar import Litestar
from litestar.types import ASGIApp

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.debugging import serve_here
from internal.infrastructure.bootstrap.draining_server import DrainingServer
from internal.infrastructure.bootstrap.lifespan import database_passes, in_background, open_resources
from internal.infrastructure.bootstrap.listening_sockets import private_socket, require_free_port, resolve
from internal.infrastructure.bootstrap.serving_process import obey_main_process
from internal.infrastructure.bootstrap.supported_redis import require_supported_redis_at
from internal.infrastructure.bootstrap.use_cases import use_cases_by_name
from internal.infrastructure.config.origins import parse_origins
from internal.infrastructure.config.settings import Environment, Settings, load_settings
from internal.infrastructure.embedded.process import die_with_parent
from internal.infrastructure.http.app import create_app
from internal.infrastructure.http.health import ReadinessCheck, assess
from internal.infrastructure.http.openapi import openapi_config
from internal.infrastructure.taskqueue.connections.redis_checks import warn_of_losses
from internal.infrastructure.telemetry.log import configure_logging

VERSION = "0.1.0"

# Granian's log lines go where ours go.
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"level": "INFO", "propagate": True}},
}


async def _never() -> bool:
    return False


# Only a server that was told to stop has this check.
_STOPPING = ReadinessCheck(name="running", passes=_never, essential=True)


def serve(settings: Settings, *, is_debugged: bool = False) -> None:
    """Serve HTTP until SIGTERM or SIGINT, then finish the running requests.

    With `is_debugged`, this process alone serves.

    Raises:
        NotReady: a port is in use, or this kind of Redis is not supported.
    """
    address = resolve(settings.http_host, setting="HTTP_HOST")
    require_free_port(address, settings.http_port)
    asyncio.run(require_supported_redis_at(settings.redis))
    options: dict[str, Any] = {
        "interface": Interfaces.ASGI,
        "address": address,
        "port": settings.http_port,
        "http1_settings": HTTP1Settings(header_read_timeout=int(settings.http_header_timeout * 1000)),
        "http": HTTPModes.http1,
        "websockets": False,
        "log_dictconfig": _LOGGING,
    }
    if is_debugged:
        asyncio.run(serve_here(target=app_of(Container(settings=settings)), **options))
        return
    DrainingServer(
        f"{__name__}:build_app",
        build_app=build_app,
        private=private_socket(settings),
        workers=settings.http_workers,
        workers_kill_timeout=settings.http_shutdown_timeout,
        drain_time=timedelta(seconds=settings.http_drain_time),
        respawn_failed_workers=True,
        loop=Loops.uvloop,
        **options,
    ).serve()


def build_app(main_process: socket.socket) -> ASGIApp:
    """Granian calls this in each serving process, with the connection to the main process."""
    if granian := multiprocessing.parent_process():
        die_with_parent(granian.pid or 0, signal.SIGKILL)  # it gets all other signals through its connection
    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format)
    return app_of(Container(settings=settings), main_process)


def app_of(container: Container, main_process: socket.socket | None = None) -> ASGIApp:
    settings = container.settings()
    draining = asyncio.Event()

    async def readiness() -> bytes:
        return msgspec.json.encode(await assess(current_checks()))

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        work = [warn_of_losses(container.taskqueue().redis())]
        if main_process:
            work.append(obey_main_process(main_process, drain=draining.set, readiness=readiness))
        async with open_resources(container), in_background(*work):
            yield

    checks = (
        ReadinessCheck(name="database", passes=lambda: database_passes(container), essential=True),
        ReadinessCheck(name="redis", passes=container.taskqueue().write_probe().passes, essential=False),
    )
    is_production = settings.app_env is Environment.PRODUCTION

    def current_checks() -> tuple[ReadinessCheck, ...]:
        return (*checks, _STOPPING) if draining.is_set() else checks

    return create_app(
        providers={**use_cases_by_name(container), "readiness_checks": current_checks},
        lifespan=lifespan,
        body_within=timedelta(seconds=settings.http_body_timeout),
        openapi=None if is_production else openapi_config(title=settings.app_name, version=VERSION),
        origins=parse_origins(settings.cors_allowed_origins),
        is_https_only=is_production,
    )
