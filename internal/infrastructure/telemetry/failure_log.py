"""Logging of failures where a log line must not become a failure itself."""

import sys
from contextlib import suppress
from typing import Any

import structlog

from internal.infrastructure.telemetry.error_text import stack

log = structlog.get_logger(__name__)


def report(event: str, **about: Any) -> None:
    """Log the exception that is being handled, as bounded text, however logs are set up."""
    with suppress(BaseException):  # what it is about, such as a hook, is foreign code, too
        error = sys.exception()
        log.error(event, exception=stack(error) if error is not None else None, **about)
