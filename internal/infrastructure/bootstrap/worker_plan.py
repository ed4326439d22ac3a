import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from internal.infrastructure.bootstrap.child_answer import answer_of_child

if TYPE_CHECKING:
    from internal.infrastructure.telemetry.log import LogFormat

SERVICES = ("DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """The settings that a supervisor needs. `services` has the variables that its children inherit."""

    processes: int
    shutdown_timeout: float  # seconds
    heartbeats: str
    log_level: str
    log_format: "LogFormat"
    services: dict[str, str]

    @property
    def heartbeat_directory(self) -> Path:
        return Path(self.heartbeats)


def read_plan() -> WorkerPlan:
    """Read the settings in a child process, because importing them takes 30 MB. The child reports problems.

    Raises:
        SystemExit: the settings are invalid, or the services cannot be found.
    """
    return WorkerPlan(**answer_of_child(_plan))


def _plan() -> dict[str, object]:
    from internal.infrastructure.bootstrap.entrypoint import entry_point  # noqa: PLC0415 - only the child imports
    from internal.infrastructure.telemetry.plain_structlog import import_structlog  # noqa: PLC0415 - as above

    import_structlog()
    from internal.infrastructure.bootstrap.services import announce_services, locate_services  # noqa: PLC0415 - as above
    from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - as above

    with entry_point("cmd.worker"):
        settings = locate_services()
        configure_logging(level=settings.log_level, log_format=settings.log_format)
        announce_services(settings)
        return asdict(
            WorkerPlan(
                processes=settings.worker_processes,
                shutdown_timeout=settings.worker_shutdown_timeout,
                heartbeats=str(settings.heartbeats),
                log_level=settings.log_level,
                log_format=settings.log_format,
                services={name: os.environ[name] for name in SERVICES if name in os.environ},
            )
        )
