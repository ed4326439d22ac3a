"""CPU and memory of a process and its children, as the kernel counts them."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from internal.infrastructure.embedded.process import spawn

START_WITHIN = 60.0  # seconds
QUIET = 0.1  # seconds of CPU in one

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
# Fields of /proc/<pid>/stat after the program's name (man 5 proc): parent; user, system; resident pages.
_PARENT, _USER, _SYSTEM, _RESIDENT = 1, 11, 12, 21


class Processes:
    """One or more processes, each with all those it has started."""

    def __init__(self, *roots: int) -> None:
        self._root_pids = roots

    @property
    def pids(self) -> set[int]:
        """Children included."""
        tree = set(self._root_pids)
        parents = {pid: int(stat[_PARENT]) for pid, stat in _all_stats()}
        while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
            tree |= more
        return tree

    @property
    def cpu(self) -> float:
        """Seconds of user and system time of the processes that are alive."""
        return sum(int(stat[_USER]) + int(stat[_SYSTEM]) for stat in self._stats()) / _TICKS

    @property
    def resident(self) -> int:
        """Bytes."""
        return sum(int(stat[_RESIDENT]) for stat in self._stats()) * _PAGE

    def _stats(self) -> Iterator[list[str]]:
        pids = self.pids
        return (stat for pid, stat in _all_stats() if pid in pids)


class Workers(Processes):
    """Commands that this process has started."""

    def __init__(self, processes: "list[subprocess.Popen[bytes]]") -> None:
        super().__init__(*(process.pid for process in processes))
        self._roots = processes

    def kill(self) -> None:
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self._roots:
            process.wait()


@contextmanager
def running(*commands: list[str], log: Path) -> Iterator[Workers]:
    """Run the commands, and kill them at the end: nobody needs what they leave behind."""
    # Without bytecode on disk a worker spends ten seconds compiling its imports.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    workers = Workers([spawn(command, env=env, log=log) for command in commands])
    try:
        yield workers
    finally:
        workers.kill()


def await_quiet(workers: Workers) -> None:
    """Return when the workers have started, which is when they used almost no CPU for a second.

    Raises:
        TimeoutError: they stay busy.
    """
    deadline = time.monotonic() + START_WITHIN
    while True:
        before = workers.cpu
        time.sleep(1)
        if 0 <= workers.cpu - before < QUIET:
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the workers stay busy")


def _all_stats() -> Iterator[tuple[int, list[str]]]:
    for directory in Path("/proc").iterdir():
        if directory.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                stat = (directory / "stat").read_text()
                yield int(directory.name), stat.rpartition(")")[2].split()
