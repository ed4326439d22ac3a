"""Structured logging, for our own events and for the libraries' alike."""

import logging
import sys
from io import FileIO, TextIOWrapper
from typing import Literal, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

LogFormat = Literal["json", "console"]

# Chatty at INFO, with nothing an operator can act on.
_QUIET_LOGGERS = ("asyncio", "alembic.runtime.plugins")


class _Output(logging.StreamHandler[TextIO]):
    """Drops what cannot be written: a full disk or a reader that has gone must not end what is being done.

    By default each such line is reported on standard error, with a traceback, often into the same full disk.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the logging module's name
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


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
    handler = _Output(stream or _unbuffered(sys.stdout))
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


def _unbuffered(stream: TextIO) -> TextIO:
    """The process's own output, keeping nothing back: what cannot be written would be in everybody's way.

    Python tries again at every flush, and there is one whenever a process is started.
    """
    if sys.__stdout__ is None or stream is not sys.__stdout__:  # None: it was closed from the start
        return stream
    return TextIOWrapper(FileIO(stream.fileno(), "w", closefd=False), "utf-8", write_through=True)


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
