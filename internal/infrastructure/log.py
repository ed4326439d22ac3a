"""Structured logging, for our own events and for the libraries' alike."""

import logging
import sys
from typing import Literal, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

LogFormat = Literal["json", "console"]

# Chatty at INFO, with nothing an operator can act on.
_QUIET_LOGGERS = ("asyncio", "alembic.runtime.plugins")


def configure_logging(*, level: str, log_format: LogFormat, stream: TextIO | None = None) -> None:
    """Log to standard output, or to a stream for programs whose standard output is something else."""
    context: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *context,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.addFilter(_without_payloads)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=context,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(log_format)],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def _renderers(log_format: LogFormat) -> list[Processor]:
    # By default both would show local variables, and so personal data.
    if log_format == "json":
        structured = ExceptionDictTransformer(show_locals=False)
        return [structlog.processors.ExceptionRenderer(structured), structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=plain)]


def _without_payloads(record: logging.LogRecord) -> bool:
    """Dramatiq logs whole messages; their arguments are personal data, so only name and id pass."""
    if record.name.startswith("dramatiq") and isinstance(record.args, tuple):
        record.args = tuple(_reference(argument) for argument in record.args)
    return True


def _reference(argument: object) -> object:
    if hasattr(argument, "message_id") and hasattr(argument, "actor_name"):
        return f"{argument.actor_name}[{argument.message_id}]"
    return argument
