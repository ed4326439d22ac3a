import asyncio
import multiprocessing
import signal
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings

from internal.infrastructure.bootstrap.server.draining_server import DrainingServer
from internal.infrastructure.bootstrap.server.listening_sockets import (
    private_socket,
    require_free_port,
    resolve,
)
from internal.infrastructure.bootstrap.server.server_plan import ServerPlan
from internal.infrastructure.embedded.process import die_with_parent
from internal.infrastructure.telemetry.log import configure_logging

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import ASGIApp

    from internal.infrastructure.config.settings import Settings

# Granian's log lines go where ours go.
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"level": "INFO", "propagate": True}},
}


def serve(plan: ServerPlan, build_app: "Callable[[socket.socket], ASGIApp]") -> None:
    """Serve HTTP until SIGTERM or SIGINT, then finish the running requests.

    Each serving process calls `build_app`, with the connection to the main process.

    Raises:
        NotReady: a port is in use.
    """
    options = _options(plan)
    if plan.workers > 1:
        # Several serving processes share the memory of what this one imports before it forks them.
        import internal.infrastructure.bootstrap.server.http_application  # noqa: F401, PLC0415 - see above
        from internal.infrastructure.security.zxcvbn_password_checker import load_tables  # noqa: PLC0415 - see above

        load_tables()
    DrainingServer(
        f"{__name__}:{build_app.__name__}",
        build_app=build_app,
        private=private_socket(plan),
        workers=plan.workers,
        workers_kill_timeout=plan.shutdown_timeout,
        drain_time=timedelta(seconds=plan.drain_time),
        respawn_failed_workers=True,
        loop=Loops.uvloop,
        **options,
    ).serve()


def serve_debugged(settings: "Settings") -> None:
    """Serve in this process alone.

    Raises:
        NotReady: the port is in use, or this kind of Redis is not supported.
    """
    from internal.infrastructure.bootstrap.server.debugged_server import serve_here  # noqa: PLC0415 - for development
    from internal.infrastructure.bootstrap.services.supported_redis import require_supported_redis_at  # noqa: PLC0415 - as above

    options = _options(ServerPlan.of(settings))
    asyncio.run(require_supported_redis_at(settings.redis))
    asyncio.run(serve_here(target=_app_of(settings), **options))


def _options(plan: ServerPlan) -> dict[str, Any]:
    address = resolve(plan.host, setting=f"{plan.setting_prefix}_HOST")
    require_free_port(address, plan.port, setting=f"{plan.setting_prefix}_PORT")
    return {
        "interface": Interfaces.ASGI,
        "address": address,
        "port": plan.port,
        "http1_settings": HTTP1Settings(header_read_timeout=int(plan.header_timeout * 1000)),
        "http": HTTPModes.http1,
        "websockets": False,
        "log_dictconfig": _LOGGING,
    }


def build_app(main_process: socket.socket) -> "ASGIApp":
    """The application of `cmd.server`."""
    return _app_of(_settings_of_child(), main_process)


def build_dashboard(main_process: socket.socket) -> "ASGIApp":
    """The application of `cmd.dashboard`."""
    settings = _settings_of_child()
    from internal.infrastructure.bootstrap.container import Container  # noqa: PLC0415 - see `_app_of`
    from internal.infrastructure.bootstrap.server.dashboard_application import dashboard_of  # noqa: PLC0415 - see `_app_of`

    return dashboard_of(Container(settings=settings), main_process)


def _settings_of_child() -> "Settings":
    """In a serving process, read the settings and set up logging."""
    if granian := multiprocessing.parent_process():
        die_with_parent(granian.pid or 0, signal.SIGKILL)  # it gets all other signals through its connection
    from internal.infrastructure.config.settings import load_settings  # noqa: PLC0415 - see `_app_of`

    settings = load_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format)
    return settings


def _app_of(settings: "Settings", main_process: socket.socket | None = None) -> "ASGIApp":
    # Imported here, so that the main process stays small: it serves nothing.
    from internal.infrastructure.bootstrap.container import Container  # noqa: PLC0415 - see above
    from internal.infrastructure.bootstrap.server.http_application import app_of  # noqa: PLC0415 - see above

    return app_of(Container(settings=settings), main_process)
