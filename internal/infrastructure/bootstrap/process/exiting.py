import atexit
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress

CANNOT_START = 1
WRONG_SETTINGS = 2


@contextmanager
def exit_at_once() -> Generator[None]:
    """Exit after the body without the interpreter's clean-up.

    The clean-up takes half a second on a busy machine and waits for threads that may never end.
    """
    code: object = 0
    try:
        yield
    except SystemExit as ended:
        code = ended.code or 0
    atexit._run_exitfuncs()  # noqa: SLF001 - the interpreter would call it
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # the reader has gone, or the stream is closed
            stream.flush()
    os._exit(code if isinstance(code, int) else CANNOT_START)
