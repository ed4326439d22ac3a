import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic import command
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import DatabaseTimeouts, create_engine
from internal.infrastructure.database.migrations import concurrently
from internal.infrastructure.database.migrations.migration_lock import MIGRATION_LOCK
from internal.infrastructure.database.schema import (
    alembic_config,
    migration_scripts,
    upgrade_to_head,
)
from internal.infrastructure.database.schema_version import SchemaVersion
from internal.ports.unavailable import Unavailable
from tests.support.polling import eventually

ROOT = Path(__file__).parents[3]
SOON = "SET lock_timeout = '50ms'"
WRITE = "DELETE FROM outbox"
BEFORE_AN_INDEX, BEFORE_COLUMNS = "5d0e7a94c1b3", "0a7d5f38c62b"
# Who waits, but not inside a statement.
IDLE = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'
"""
TABLES = {
    "account_tokens",
    "alembic_version",
    "counted_log_ins",
    "idempotent_requests",
    "outbox",
    "security_events",
    "sessions",
    "users",
}


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

    with psycopg.connect(unmigrated_database_url, autocommit=True) as another:
        another.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        processes = [
            subprocess.Popen(migrate, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for _ in range(3)
        ]
        eventually(lambda: another.execute(IDLE).fetchone() == (3,), within=30)
        before = tables(unmigrated_database_url)
    outputs = [process.communicate(timeout=60)[0].decode() for process in processes]

    assert before == set()
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert tables(unmigrated_database_url) == TABLES


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrently, "IMPATIENT", SOON)


@pytest.mark.usefixtures("impatient")
def test_a_table_in_use_has_migrations_give_up_and_they_can_be_run_again(
    unmigrated_database_url: str,
) -> None:
    command.upgrade(alembic_config(unmigrated_database_url), BEFORE_COLUMNS)

    with psycopg.connect(unmigrated_database_url) as user:
        user.execute(WRITE)
        with pytest.raises(Unavailable, match="run the migration again"):
            upgrade_to_head(unmigrated_database_url)
    upgrade_to_head(unmigrated_database_url)

    command.check(alembic_config(unmigrated_database_url))


@pytest.mark.usefixtures("impatient")
def test_an_index_whose_build_was_interrupted_is_built_again(
    monkeypatch: pytest.MonkeyPatch, unmigrated_database_url: str
) -> None:
    config = alembic_config(unmigrated_database_url)
    command.upgrade(config, BEFORE_AN_INDEX)

    with psycopg.connect(unmigrated_database_url) as user, monkeypatch.context() as patience:
        patience.setattr(concurrently, "PATIENT", SOON)
        user.execute(WRITE)
        with pytest.raises(Unavailable):
            upgrade_to_head(unmigrated_database_url)
        interrupted = invalid_indexes(unmigrated_database_url)
    upgrade_to_head(unmigrated_database_url)

    assert interrupted == ["ix_outbox_given_up"]
    assert invalid_indexes(unmigrated_database_url) == []


@pytest.mark.usefixtures("impatient")
def test_an_index_waits_for_older_transactions(unmigrated_database_url: str) -> None:
    command.upgrade(alembic_config(unmigrated_database_url), BEFORE_AN_INDEX)

    with psycopg.connect(unmigrated_database_url) as user, ThreadPoolExecutor() as pool:
        user.execute(WRITE)
        upgraded = pool.submit(upgrade_to_head, unmigrated_database_url)
        with pytest.raises(TimeoutError):
            upgraded.result(timeout=1)
        user.rollback()

        upgraded.result(timeout=30)


def invalid_indexes(database_url: str) -> list[str]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
        return [name for (name,) in rows]


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
