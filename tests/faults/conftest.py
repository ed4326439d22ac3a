from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.faults.fleet import Fleet
from tests.redis_programs import PROGRAMS, redis_program_named
from tests.services import running_redis


@pytest.fixture(params=PROGRAMS)
def redis_server(request: pytest.FixtureRequest) -> Iterator[EmbeddedRedis]:
    """A server of the test's own, of each kind that there is."""
    with (
        TemporaryDirectory(prefix="pyhexaclean-") as directory,
        running_redis(Path(directory), program=redis_program_named(request.param)) as server,
    ):
        yield server


@pytest.fixture
def fleet(database_url: str, redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(database_url=database_url, redis_url=redis_server.url, directory=tmp_path)
    try:
        yield fleet
    finally:
        fleet.stop()
