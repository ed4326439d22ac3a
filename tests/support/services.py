"""Postgres and Redis: embedded ones, or those at TEST_DATABASE_URL and TEST_REDIS_URL."""

import os
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
import redis as redis_client

from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.databases import MigratedDatabases, new_database


@pytest.fixture(scope="session")
def services_directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="pyhexaclean-") as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def postgres(services_directory: Path) -> Iterator[str]:
    """The URL of a Postgres on which databases can be created."""
    if external := os.environ.get("TEST_DATABASE_URL"):
        yield external
        return
    server = EmbeddedPostgres(services_directory, password=token_hex(), durable=False)
    try:
        yield server.start()
    finally:
        server.destroy()


@pytest.fixture(scope="session")
def redis(services_directory: Path) -> Iterator[str]:
    """The URL of a Redis whose database is ours alone."""
    if external := os.environ.get("TEST_REDIS_URL"):
        yield external
        return
    with running_redis(services_directory) as server:
        yield server.url


@pytest.fixture(scope="session")
def migrated_template(postgres: str) -> Iterator[str]:
    """The name of a database at the newest schema: copying it is faster than migrating."""
    with new_database(postgres) as url:
        upgrade_to_head(url)
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture(scope="session")
def migrated_databases(postgres: str, migrated_template: str) -> Iterator[MigratedDatabases]:
    databases = MigratedDatabases(postgres, template=migrated_template)
    yield databases
    databases.close()


@pytest.fixture
def database_url(migrated_databases: MigratedDatabases) -> Iterator[str]:
    """A migrated, empty database for this test alone."""
    with migrated_databases.lent() as url:
        yield url


@pytest.fixture
def unmigrated_database_url(postgres: str) -> Iterator[str]:
    with new_database(postgres) as url:
        yield url


@pytest.fixture
def redis_url(redis: str) -> str:
    """A Redis with nothing in it."""
    with redis_client.Redis.from_url(redis) as client:
        client.flushdb()
    return redis


@pytest.fixture(params=["refuses", "does not answer"])
def absent_port(request: pytest.FixtureRequest) -> Iterator[int]:
    """Where a service should be, but is not: connections are refused, or nothing is ever said on them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "does not answer":
            listener.listen()
        port: int = listener.getsockname()[1]
        yield port


@contextmanager
def running_redis(directory: Path, *, program: Path | None = None) -> Generator[EmbeddedRedis]:
    """A server that the test may stop, freeze and start again."""
    server = EmbeddedRedis(directory, password=token_hex(), program=program)
    server.start()
    try:
        yield server
    finally:
        server.stop()
