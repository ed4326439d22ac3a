"""Signals to a family of processes, such as a Postgres and its backends, each in a session of its own."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


def family_of(pid: int) -> list[int]:
    """The process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family_of(int(child)))]


@contextmanager
def frozen(pid: int) -> Generator[None]:
    """SIGSTOP to the family, and SIGCONT afterwards."""
    family = family_of(pid)
    try:
        for member in family:
            os.kill(member, signal.SIGSTOP)
        yield
    finally:
        for member in reversed(family):
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGCONT)
