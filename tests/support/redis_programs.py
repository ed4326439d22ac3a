"""The servers on which the engine has to work: the embedded Valkey, and Redis where it is installed."""

import os
import shutil
from pathlib import Path

import pytest

VALKEY = "valkey"
REDIS = "redis-server"
PROGRAMS = (VALKEY, REDIS)


def redis_program_named(name: str) -> Path | None:
    """What to start; None is the embedded Valkey. Skips the test where it cannot be started."""
    if name == VALKEY:
        return None
    if os.environ.get("TEST_REDIS_URL"):
        pytest.skip("TEST_REDIS_URL names the server")
    if (program := shutil.which(name)) is None:
        pytest.skip(f"{name} is not installed")
    return Path(program)
