import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.faults.fleet import Fleet
from tests.support.faults.measurements import Report, Row
from tests.support.faults.rounds import IS_LONG
from tests.support.faults.site import Site, running_site
from tests.support.redis_programs import PROGRAMS, VALKEY, redis_program_named
from tests.support.services import running_redis

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and "row" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.measured)


@pytest.fixture(params=PROGRAMS if IS_LONG else [VALKEY])
def redis_server(request: pytest.FixtureRequest) -> Iterator[EmbeddedRedis]:
    """A server of the test's own; in the long round of each kind that there is."""
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


@pytest.fixture(scope="session")
def running() -> Iterator[Site]:
    with TemporaryDirectory(prefix="pyhexaclean-") as directory, running_site(Path(directory)) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    """All of it is up; it is the same one for all rows, and goes on from one to the next."""
    running.heal()
    return running


@pytest.fixture(scope="session")
def report() -> Iterator[Report]:
    report = Report()
    yield report
    if file := os.environ.get("TEST_REPORT"):
        report.write(Path(file))


@pytest.fixture
def row(request: pytest.FixtureRequest, report: Report) -> Row:
    """The row that the test is named after: F01 for test_f01_..."""
    return report.round_of(request.node.name.split("_")[1].upper())
