import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import DatabaseTimeouts, create_engine
from internal.infrastructure.database.schema import (
    SchemaVersion,
    alembic_config,
    migration_scripts,
    upgrade_to_head,
)

ROOT = Path(__file__).parents[3]
TABLES = {"idempotent_requests", "alembic_version", "outbox", "users"}


def tables(database_url: str) -> set[str]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}


def test_upgrades_downgrades_and_upgrades_again(unmigrated_database_url: str) -> None:
    config = alembic_config(unmigrated_database_url)

    command.upgrade(config, "head")
    upgraded = tables(unmigrated_database_url)
    command.downgrade(config, "base")
    downgraded = tables(unmigrated_database_url)
    command.upgrade(config, "head")

    assert upgraded == tables(unmigrated_database_url) == TABLES
    assert downgraded == {"alembic_version"}


def test_the_migrations_make_what_the_code_expects(database_url: str) -> None:
    command.check(alembic_config(database_url))


def test_there_is_one_head() -> None:
    assert len(migration_scripts().get_heads()) == 1


def test_processes_that_migrate_at_once_wait_for_one_another(
    monkeypatch: pytest.MonkeyPatch, unmigrated_database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", unmigrated_database_url)
    migrate = [sys.executable, "-m", "cmd.admin", "db", "migrate"]

    with psycopg.connect(unmigrated_database_url) as starting_gate:
        starting_gate.execute("CREATE TABLE alembic_version ()")  # nobody gets past it until it is undone
        processes = [
            subprocess.Popen(migrate, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for _ in range(3)
        ]
        await_waiting(3, unmigrated_database_url)
        starting_gate.rollback()
    outputs = [process.communicate(timeout=60)[0].decode() for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert tables(unmigrated_database_url) == TABLES


def await_waiting(count: int, database_url: str) -> None:
    """Wait until so many connections wait for a lock; pytest's own time limit ends this if they never do."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    with psycopg.connect(database_url, autocommit=True) as connection:
        while connection.execute(f"{waiting} AND wait_event_type = 'Lock'").fetchone() != (count,):
            time.sleep(0.05)


@pytest.fixture
async def engine(unmigrated_database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(unmigrated_database_url, pool_size=1, timeouts=DatabaseTimeouts())
    yield engine
    await engine.dispose()


@pytest.mark.anyio
async def test_tells_whether_the_schema_is_at_its_head(
    engine: AsyncEngine, unmigrated_database_url: str
) -> None:
    version = SchemaVersion(engine)

    before = await version.is_current()
    upgrade_to_head(unmigrated_database_url)
    after = await version.is_current()
    command.downgrade(alembic_config(unmigrated_database_url), "base")
    downgraded = await version.is_current()

    assert (before, after, downgraded) == (False, True, False)


@pytest.mark.anyio
async def test_the_schema_of_a_newer_program_is_current_and_left_alone(
    engine: AsyncEngine, unmigrated_database_url: str
) -> None:
    upgrade_to_head(unmigrated_database_url)
    with psycopg.connect(unmigrated_database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of the future'")
        connection.execute("ALTER TABLE users RENAME TO people")

    upgrade_to_head(unmigrated_database_url)

    assert await SchemaVersion(engine).is_current()
    assert tables(unmigrated_database_url) == TABLES - {"users"} | {"people"}
