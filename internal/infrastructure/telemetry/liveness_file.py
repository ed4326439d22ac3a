"""Files that show that processes still run. They need no network.

Each process has a file, named by its id and locked for its lifetime. So a file that a killed process left
behind counts for nothing, even if another program has the same id now.
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
    """The file of this process. Call `beat` from the code that must not hang."""

    def __init__(self, file: int) -> None:
        self._file = file

    def beat(self) -> None:
        # The monotonic clock is the same in all processes of a machine, and nobody can set it.
        with suppress(OSError):  # a full disk must not end a healthy process
            os.pwrite(self._file, f"{monotonic():020.3f}".encode(), 0)

    @classmethod
    @contextmanager
    def in_directory(cls, directory: Path) -> Generator["LivenessFile"]:
        """Create `directory` if necessary, and the file in it. Raises OSError if that fails."""
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
    """A heartbeat, or None if the file cannot be created. Then health checks fail, and all else works."""
    with ExitStack() as held:
        heartbeat = None
        try:
            heartbeat = held.enter_context(LivenessFile.in_directory(directory))
        except OSError as error:
            log.warning("worker.no_heartbeat", directory=str(directory), reason=error.strerror)
        yield heartbeat


def heard_ago(directory: Path) -> Mapping[int, float]:
    """The seconds since the last beat of each live process, by process id."""
    return dict(_heard(directory)) if directory.is_dir() else {}


def _heard(directory: Path) -> Iterator[tuple[int, float]]:
    for path in directory.iterdir():
        try:
            with path.open("rb") as file:
                if not _is_locked(file.fileno()):
                    continue
                yield int(path.name), monotonic() - float(file.read())
        except (FileNotFoundError, ValueError):  # the process has just ended or just started
            continue


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
