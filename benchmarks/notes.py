"""The notes that measured tasks write to a file, which the benchmark reads."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "BENCHMARK_NOTES"


@dataclass(frozen=True, slots=True)
class Note:
    """A task started in process `pid` at the time `at` of the monotonic clock, which is the same for all."""

    label: str
    at: float  # seconds
    pid: int


def write(label: str) -> None:
    line = f"{label} {time.monotonic_ns()} {os.getpid()}\n"
    descriptor = os.open(_path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read() -> list[Note]:
    if not _path().exists():
        return []
    lines = (line.split() for line in _path().read_text().splitlines())
    return [Note(label, int(at) / 1e9, int(pid)) for label, at, pid in lines]


def clear() -> None:
    _path().unlink(missing_ok=True)


def await_notes(count: int, *, within: float) -> list[Note]:
    """Wait for this number of notes, or raise TimeoutError after that time in seconds."""
    deadline = time.monotonic() + within
    while len(notes := read()) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(notes)} of {count} notes after {within} s")
        time.sleep(0.005)
    return notes


def _path() -> Path:
    return Path(os.environ[VARIABLE])
