"""`make test-all` runs the short round; `make full` adds the long one, and runs it on Redis, too."""

import os

import pytest

IS_LONG = os.environ.get("TEST_ROUND") == "long"

long_round = pytest.mark.skipif(not IS_LONG, reason="of the long round: make full")

# How often a row is repeated whose moment is random.
ROUNDS = int(os.environ.get("TEST_ROUNDS") or (20 if IS_LONG else 1))
repeated = pytest.mark.parametrize("row", range(ROUNDS), indirect=True)
