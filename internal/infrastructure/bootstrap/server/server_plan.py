from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from internal.infrastructure.bootstrap.process.child_settings import read_in_child

if TYPE_CHECKING:
    from collections.abc import Callable

    from internal.infrastructure.config.settings import Settings
    from internal.infrastructure.telemetry.log import LogFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """The settings that the main process of a server needs. Times are in seconds.

    setting_prefix: of the settings that name host and port.
    """

    setting_prefix: str
    host: str
    port: int
    private_host: str
    private_port: int
    is_private_port_fixed: bool
    header_timeout: float
    workers: int
    shutdown_timeout: int
    drain_time: float
    log_level: str
    log_format: "LogFormat"

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        is_production = settings.app_env == "production"
        return cls(
            setting_prefix="HTTP",
            host=settings.http_host,
            port=settings.http_port,
            private_host=settings.private_host,
            private_port=settings.private_port,
            is_private_port_fixed=is_production or "private_port" in settings.model_fields_set,
            header_timeout=settings.http_header_timeout,
            workers=settings.http_workers,
            shutdown_timeout=settings.http_shutdown_timeout,
            drain_time=settings.http_drain_time,
            log_level=settings.log_level,
            log_format=settings.log_format,
        )

    @classmethod
    def of_dashboard(cls, settings: "Settings") -> Self:
        return replace(
            cls.of(settings),
            setting_prefix="DASHBOARD",
            host=settings.dashboard_host,
            port=settings.dashboard_port,
            workers=1,
        )

    @classmethod
    def of_grpc(cls, settings: "Settings") -> Self:
        return replace(
            cls.of(settings),
            setting_prefix="GRPC",
            host=settings.grpc_host,
            port=settings.grpc_port,
            workers=1,
            shutdown_timeout=settings.grpc_shutdown_timeout,
            drain_time=settings.grpc_drain_time,
        )


def read_server_plan() -> ServerPlan:
    """Raise SystemExit if the settings or the services cannot be used."""
    return ServerPlan(**read_in_child("cmd.server", _checked(ServerPlan.of)))


def read_dashboard_plan() -> ServerPlan:
    """Raise SystemExit if the settings or the services cannot be used."""
    return ServerPlan(**read_in_child("cmd.dashboard", _checked(ServerPlan.of_dashboard)))


def _checked(plan_of: "Callable[[Settings], ServerPlan]") -> "Callable[[Settings], ServerPlan]":
    def checked(settings: "Settings") -> ServerPlan:
        _require_supported_services(settings)
        return plan_of(settings)

    return checked


def _require_supported_services(settings: "Settings") -> None:
    import asyncio  # noqa: PLC0415 - only the child imports

    from internal.infrastructure.bootstrap.services.supported_redis import require_supported_redis_at  # noqa: PLC0415 - as above

    asyncio.run(require_supported_redis_at(settings.redis))
