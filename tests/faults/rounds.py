"""The short round is part of every run of the tests; `make full` adds the long one."""

import os

import pytest

from tests.redis_programs import PROGRAMS, VALKEY

IS_LONG = os.environ.get("TEST_ROUND") == "long"

long_round = pytest.mark.skipif(not IS_LONG, reason="of the long round: make full")
# For what depends on the workers more than on the server: Redis comes in the long round.
either_program = pytest.mark.parametrize("redis_server", PROGRAMS if IS_LONG else [VALKEY], indirect=True)
