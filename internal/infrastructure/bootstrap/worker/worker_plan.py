from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from internal.infrastructure.bootstrap.process.child_settings import read_in_child

if TYPE_CHECKING:
    from internal.infrastructure.config.settings import Settings
    from internal.infrastructure.telemetry.log import LogFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """The settings that a supervisor needs. `heartbeats` is a directory."""

    processes: int
    shutdown_timeout: float  # seconds
    heartbeats: str
    log_level: str
    log_format: "LogFormat"

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        return cls(
            processes=settings.worker_processes,
            shutdown_timeout=settings.worker_shutdown_timeout,
            heartbeats=str(settings.heartbeats),
            log_level=settings.log_level,
            log_format=settings.log_format,
        )


def read_worker_plan() -> WorkerPlan:
    """Raise SystemExit if the settings or the services cannot be used."""
    return WorkerPlan(**read_in_child("cmd.worker", WorkerPlan.of))
