"""Structured logging for our own events and for those of libraries."""

import logging
import os
import select
import sys
from io import FileIO, TextIOWrapper
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from internal.infrastructure.telemetry.error_text import MOST_TEXT, MOST_TRACEBACK, bounded, kind, stack, text

LogFormat = Literal["json", "console"]

# Below WARNING these are verbose and say nothing that an operator can act on. The last two log addresses;
# those of RangeApiPasswordChecker contain a part of a password's digest.
_QUIET_LOGGERS = ("asyncio", "alembic.runtime.plugins", "httpx", "httpcore")
# The logger that writes a DEBUG line for each task that is done.
TASKS = "tasks"

READER_WITHIN = 0.5  # seconds
MOST_LINE = 2 * MOST_TRACEBACK  # characters
MOST_EVENT = 1024  # bytes of an event whose line is too long
# Some readers end a line at these: NEXT LINE, LINE SEPARATOR and PARAGRAPH SEPARATOR.
_LINE_BREAKS = {number: f"\\u{number:04x}" for number in (0x85, 0x2028, 0x2029)}
_TRACEBACKS = frozenset({"exception", "stack"})


class _Output(logging.StreamHandler[TextIO]):
    """Drops lines that cannot be written: a full disk or a stuck reader must not stop the work.

    By default, logging reports each such line on standard error with a traceback, often to the same full
    disk.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the logging module's name
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


class _Patient(FileIO):
    """Waits READER_WITHIN for a stuck reader, then raises BlockingIOError until it reads again.

    Otherwise a paused terminal or a stuck log collector would block the process in its next log line, where
    it could not react to signals.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._patience = READER_WITHIN

    def write(self, data: Any, /) -> int:
        for start in range(0, len(data), select.PIPE_BUF):  # a pipe with room takes this many bytes
            if not self._poll.poll(self._patience * 1000):
                self._patience = 0.0
                raise BlockingIOError
            self._patience = READER_WITHIN
            super().write(data[start : start + select.PIPE_BUF])
        return len(data)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Writes a line for every event. If it cannot be rendered or is too long, the line has only the name."""

    def __init__(self, render: Processor, context: list[Processor]) -> None:
        self._render = render
        processors = [self.remove_processors_meta, _with_traceback, _bounded, render]
        super().__init__(foreign_pre_chain=context, processors=processors)

    def format(self, record: logging.LogRecord) -> str:
        try:
            line = super().format(record)
        except Exception as error:  # noqa: BLE001 - logged values may be foreign code
            return self._shortened(record, f"cannot be shown: {kind(error)}")
        if len(line) > MOST_LINE:
            return self._shortened(record, f"{len(line)} characters")
        return line if line.isascii() else line.translate(_LINE_BREAKS)

    def _shortened(self, record: logging.LogRecord, reason: str) -> str:
        said = record.msg.get("event") if type(record.msg) is dict else record.msg
        event = {
            "event": bounded(said, MOST_EVENT) if type(said) is str else "log.left_out",
            "level": record.levelname.lower(),
            "logger": record.name,
            "left_out": reason,
        }
        return str(self._render(None, "", event))


def configure_logging(
    *, level: str, log_format: LogFormat, stream: TextIO | None = None, tell_tasks: bool = False
) -> None:
    """Log to standard output, or to `stream` for programs that use standard output for something else.

    With `tell_tasks`, each task that is done gets a line at any level; on the console a short one.
    """
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
    render = _renderer(log_format, is_coloured=has_colours(stream or sys.stdout))
    if tell_tasks and log_format == "console":
        render = _shorter_for_tasks(render)
    handler.setFormatter(_Formatter(render, context))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(TASKS).setLevel(logging.DEBUG if tell_tasks else logging.NOTSET)


def _unbuffered(stream: TextIO) -> TextIO:
    """Standard output without a buffer.

    Python would try to write a stuck buffer at every flush, and it flushes whenever a process is started.
    """
    if sys.__stdout__ is None or stream is not sys.__stdout__:  # None: it was closed from the start
        return stream
    return TextIOWrapper(_Patient(stream.fileno()), "utf-8", "backslashreplace", write_through=True)


def has_colours(stream: TextIO | None) -> bool:
    """Colours on a terminal, unless NO_COLOR (no-color.org) or FORCE_COLOR (force-color.org) is set."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream is not None and stream.isatty())


def _renderer(log_format: LogFormat, *, is_coloured: bool) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=is_coloured, pad_event_to=0, exception_formatter=plain)


def _shorter_for_tasks(render: Processor) -> Processor:
    def render_event(logger: Any, name: str, event: EventDict) -> Any:
        if event["event"] == "task.done":
            return f"done {event['task']} {event['milliseconds']:.0f} ms"
        return render(logger, name, event)

    return render_event


def _with_traceback(_: Any, __: str, event: EventDict) -> EventDict:
    """Add the traceback, without local variables: they may be personal data."""
    found = event.pop("exc_info", None)
    error = found[1] if type(found) is tuple else found
    if error is True:
        error = sys.exception()
    if issubclass(type(error), BaseException):
        event["exception"] = stack(error).rstrip("\n")
    return event


def _bounded(_: Any, __: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str) and not (value.isascii() and len(value) <= MOST_TEXT):
            event[name] = bounded(value, MOST_TRACEBACK if name in _TRACEBACKS else MOST_TEXT)
    return event


def _without_payloads(record: logging.LogRecord) -> bool:
    """Dramatiq logs whole messages. Their arguments are personal data, so keep only name and id."""
    if record.name.startswith("dramatiq") and isinstance(record.args, tuple):
        record.args = tuple(_reference(argument) for argument in record.args)
    return True


def _reference(argument: Any) -> Any:
    if issubclass(type(argument), BaseException):
        return text(argument)
    if hasattr(argument, "message_id") and hasattr(argument, "actor_name"):
        return f"{argument.actor_name}[{argument.message_id}]"
    return argument
