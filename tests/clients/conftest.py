"""A real server per file of tests, and the tools that read its OpenAPI document."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_client

from tests.support.access_tokens import PRIVATE_KEY
from tests.support.clients.tools import TOOLS
from tests.support.databases import MigratedDatabases
from tests.support.system import System


@pytest.fixture(scope="module")
def tools() -> Path:
    if not (TOOLS / "installed").exists():
        pytest.skip("`make test-clients` installs the generators and Schemathesis first")
    return TOOLS / "bin"


@pytest.fixture(scope="module")
def system(
    tools: Path,  # noqa: ARG001 - without them, no server is started
    migrated_databases: MigratedDatabases,
    redis: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """One server for all tests of a file. Emails wait in the outbox, because no worker runs."""
    with redis_client.Redis.from_url(redis) as client:
        client.flushdb()
    folder = tmp_path_factory.mktemp("server")
    with migrated_databases.lent() as database_url:
        mail_url = (folder / "mail").as_uri()
        system = System(database_url=database_url, redis_url=redis, mail_url=mail_url, logs=folder)
        try:
            # With EdDSA, the public keys are served too.
            system.start_server(JWT_ALGORITHM="EdDSA", JWT_PRIVATE_KEY=PRIVATE_KEY)
            yield system
        finally:
            system.stop()


@pytest.fixture(scope="module")
def url(system: System) -> str:
    return f"http://127.0.0.1:{system.port}"


@pytest.fixture
def document(system: System, tmp_path: Path) -> Path:
    """The file that a user of a generator downloads."""
    file = tmp_path / "openapi.json"
    file.write_bytes(system.get("/api/v1/swagger/spec").raise_for_status().content)
    return file
