"""What every entry point does around its work: one clear line and an exit code where it cannot start."""

import atexit
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress

from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.config.misspelled_names import misspelling
from internal.infrastructure.config.settings import InvalidSettings, misspelt_settings
from internal.infrastructure.embedded.process import ServiceFailed
from internal.ports.unavailable import Unavailable

CANNOT_START = 1
WRONG_SETTINGS = 2


@contextmanager
def entry_point(name: str) -> Generator[None]:
    try:
        yield
    except InvalidSettings as error:
        for problem in [*error.problems, *_misspelt()]:
            print(f"{name}: {problem}", file=sys.stderr)  # noqa: T201 - there is no log without settings
        raise SystemExit(WRONG_SETTINGS) from None
    except (NotReady, ServiceFailed, Unavailable) as error:
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 - for the person who started it
        raise SystemExit(CANNOT_START) from None


def _misspelt() -> list[str]:
    """What may be the cause of a setting that is missing."""
    try:
        return [misspelling(name, meant) for name, meant in misspelt_settings().items()]
    except InvalidSettings:  # the file cannot be read, which is the problem itself
        return []


@contextmanager
def exit_at_once() -> Generator[None]:
    """Exit after the body, without the interpreter's own tidying up.

    That takes half a second on a busy machine, and waits for threads that may never end.
    """
    code: object = 0
    try:
        yield
    except SystemExit as ended:
        code = ended.code or 0
    atexit._run_exitfuncs()  # noqa: SLF001 - what the interpreter would call
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # its reader has gone, or it is closed
            stream.flush()
    os._exit(code if isinstance(code, int) else CANNOT_START)
