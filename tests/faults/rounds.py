"""The short round is part of every run of the tests; `make full` adds the long one."""

import os

import pytest

IS_LONG = os.environ.get("TEST_ROUND") == "long"

long_round = pytest.mark.skipif(not IS_LONG, reason="of the long round: make full")
