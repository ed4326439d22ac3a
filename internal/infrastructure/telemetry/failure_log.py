"""Log failures where logging must not fail itself."""

import sys
from contextlib import suppress
from typing import Any

import structlog

from internal.infrastructure.telemetry.error_text import stack

log = structlog.get_logger(__name__)


def report(event: str, **about: Any) -> None:
    """Log the current exception as bounded text, whatever the log configuration."""
    with suppress(BaseException):  # the values in `about` may be foreign code too
        error = sys.exception()
        log.error(event, exception=stack(error) if error is not None else None, **about)
