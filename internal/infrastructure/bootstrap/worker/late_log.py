from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from internal.infrastructure.telemetry.log import LogFormat


class LateLog:
    """A log that imports structlog for its first line. Most supervisors never write one and save 10 MB."""

    def __init__(self, name: str, *, level: str, log_format: "LogFormat") -> None:
        self._name = name
        self._level = level
        self._format = log_format

    def warning(self, event: str, /, **facts: object) -> None:
        self._log.warning(event, **facts)

    def error(self, event: str, /, **facts: object) -> None:
        self._log.error(event, **facts)

    @cached_property
    def _log(self) -> Any:
        from internal.infrastructure.telemetry.plain_structlog import import_structlog  # noqa: PLC0415 - see above

        import_structlog()
        import structlog  # noqa: PLC0415 - see above

        from internal.infrastructure.telemetry.log import configure_logging  # noqa: PLC0415 - see above

        configure_logging(level=self._level, log_format=self._format)
        return structlog.get_logger(self._name)
