"""Run migrations and write new ones. Only commands that do so import this, and with it Alembic."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from internal.infrastructure.database.engine import translated_outages
from internal.ports.unavailable import Unavailable

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


def alembic_config(database_url: str | None = None, **attributes: Any) -> Config:
    """Alembic's settings from `[tool.alembic]`. The attributes are for migrations/env.py."""
    return Config(toml_file=PYPROJECT, attributes={"database_url": database_url, **attributes})


def migration_scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def write_migration(database_url: str, message: str) -> None:
    """Write a migration that changes the database's tables to those of `tables.py`.

    Raises:
        Unavailable: Postgres cannot be reached.
        CommandError: the schema is not at the newest migration.
    """
    with translated_outages():
        command.revision(alembic_config(database_url), message, autogenerate=True)


def upgrade_to_head(database_url: str, *, connect_within: timedelta | None = None) -> None:
    """Run all migrations that have not run yet. Concurrent callers run one after the other.

    A schema of a newer version of the program is left alone.

    Raises:
        Unavailable: Postgres cannot be reached, or a table was locked for too long. Completed migrations
        stay.
    """
    with translated_outages(), _translated_lock_timeouts():
        config = alembic_config(database_url, leave_newer=True, connect_within=connect_within)
        command.upgrade(config, "head")


@contextmanager
def _translated_lock_timeouts() -> Generator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise Unavailable("a table was locked for too long: run the migration again") from error
        raise
