"""Files in which processes write down that they still go round: a sign of life that needs no network.

Each process has a file, named by its id and locked for as long as it lives. So a file that a killed process
has left, or whose number another program has now, speaks for nobody.
"""

import fcntl
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Protocol

BEAT_EVERY = 3.0  # seconds
SILENT_AFTER = 10.0  # seconds


class LivenessFile:
    """Of this process. `beat` is to be called from what must not stand still."""

    def __init__(self, file: int) -> None:
        self._file = file

    def beat(self) -> None:
        # The clock that no correction moves. It is the same in all processes of a machine.
        with suppress(OSError):  # a full disk must not end what is alive
            os.pwrite(self._file, f"{monotonic():020.3f}".encode(), 0)

    @classmethod
    @contextmanager
    def in_directory(cls, directory: Path) -> Generator["LivenessFile"]:
        """Raise OSError if there is no file to be had in `directory`, which is made if need be."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / str(os.getpid())
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            heartbeat = cls(file)
            heartbeat.beat()
            yield heartbeat
        finally:
            path.unlink(missing_ok=True)
            os.close(file)


class WarningLog(Protocol):
    def warning(self, event: str, /, **facts: object) -> object: ...


@contextmanager
def beating(directory: Path, *, log: WarningLog) -> Generator[LivenessFile | None]:
    """A heartbeat, or None if no file can be made: then nobody can ask, and everything else works."""
    with ExitStack() as held:
        heartbeat = None
        try:
            heartbeat = held.enter_context(LivenessFile.in_directory(directory))
        except OSError as error:
            log.warning("worker.no_heartbeat", directory=str(directory), reason=error.strerror)
        yield heartbeat


def heard_ago(directory: Path) -> Mapping[int, float]:
    """For each process that lives, by its id: the seconds since it was heard."""
    return dict(_heard(directory)) if directory.is_dir() else {}


def _heard(directory: Path) -> Iterator[tuple[int, float]]:
    for path in directory.iterdir():
        try:
            with path.open("rb") as file:
                if not _is_locked(file.fileno()):
                    continue
                yield int(path.name), monotonic() - float(file.read())
        except (FileNotFoundError, ValueError):  # it has just ended, or has just begun
            continue


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
