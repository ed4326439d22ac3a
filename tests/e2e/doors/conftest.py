from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import MigratedDatabases
from tests.support.doors.site import Site, running_site
from tests.support.services import running_redis


@pytest.fixture(scope="session")
def site(migrated_databases: MigratedDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All tests of this folder share the processes, and clean up nothing: each has its own users."""
    directory: Path = tmp_path_factory.mktemp("doors")
    with (
        migrated_databases.lent() as database_url,
        running_redis(directory) as redis,
        running_site(database_url=database_url, redis_url=redis.url, directory=directory) as site,
    ):
        yield site


@pytest.fixture(scope="session")
def worker(site: Site) -> None:
    """It sends the emails."""
    site.system.start_worker()
