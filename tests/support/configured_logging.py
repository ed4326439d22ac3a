import logging
from collections.abc import Generator
from contextlib import contextmanager

import structlog

from internal.infrastructure.telemetry.log import configure_logging


@contextmanager
def configured_logging(*, level: str) -> Generator[None]:
    """Log lines of JSON to stdout, as a process does, and leave logging as it was."""
    root = logging.getLogger()
    handlers, before = root.handlers[:], root.level
    configure_logging(level=level, log_format="json")
    # A cached logger would go on with this configuration in later tests.
    structlog.configure(cache_logger_on_first_use=False)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(before)
        structlog.reset_defaults()
