import os
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from internal.infrastructure.bootstrap.process.child_answer import answer_of_child

if TYPE_CHECKING:
    from internal.infrastructure.config.settings import Settings

SERVICES = ("DATABASE_URL", "REDIS_URL")


def read_in_child(program: str, plan_of: Callable[["Settings"], Any]) -> dict[str, Any]:
    """Read the settings in a child process and return the fields of the plan that it makes of them.

    A process that only supervises others saves the 30 MB that the settings and the clients of the services
    take. The child logs which services it found, or reports why it cannot go on. Processes that this one
    starts inherit the URLs of the services.

    Raises:
        SystemExit: the settings or the services cannot be used.
    """
    answer = answer_of_child(program, lambda: _read(program, plan_of))
    os.environ.update(answer["services"])
    fields: dict[str, Any] = answer["plan"]
    return fields


def _read(program: str, plan_of: Callable[["Settings"], Any]) -> dict[str, object]:
    from internal.infrastructure.bootstrap.process.entrypoint import entry_point  # noqa: PLC0415 - only the child imports
    from internal.infrastructure.telemetry.plain_structlog import import_structlog  # noqa: PLC0415 - as above

    import_structlog()
    from internal.infrastructure.bootstrap.services.service_discovery import (  # noqa: PLC0415 - as above
        announce_services,
        locate_services,
    )
    from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - as above

    with entry_point(program):
        settings = locate_services()
        configure_logging(level=settings.log_level, log_format=settings.log_format)
        announce_services(settings)
        services = {name: os.environ[name] for name in SERVICES if name in os.environ}
        return {"plan": asdict(plan_of(settings)), "services": services}
