"""The schema's version: bring it to the head, and tell whether it is there."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.ports.unavailable import Unavailable

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


def alembic_config(database_url: str | None = None, **attributes: Any) -> Config:
    """Alembic's settings, those of `[tool.alembic]`; the attributes are for migrations/env.py."""
    return Config(toml_file=PYPROJECT, attributes={"database_url": database_url, **attributes})


def migration_scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def write_migration(database_url: str, message: str) -> None:
    """Write a migration that turns the database's tables into those of `tables.py`.

    Raises:
        Unavailable: Postgres cannot be reached.
        CommandError: its schema is not at the newest migration.
    """
    with translated_outages():
        command.revision(alembic_config(database_url), message, autogenerate=True)


def upgrade_to_head(database_url: str, *, connect_within: timedelta | None = None) -> None:
    """Run every migration that has not been run. Processes that do so at once wait for one another.

    A schema that a newer version of the program has made is left alone.

    Raises:
        Unavailable: Postgres cannot be reached, or a table was in use for too long; what was done stays.
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
            raise Unavailable("a table is in use for longer than a migration waits: run it again") from error
        raise


class SchemaVersion:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def is_current(self) -> bool:
        """Whether the schema is at our head, or beyond it.

        Raises:
            Unavailable: Postgres cannot be reached.
        """
        with translated_outages():
            async with self._engine.connect() as connection:
                if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                    return False
                version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version is not None and version not in self._outdated

    @cached_property
    def _outdated(self) -> frozenset[str]:
        """Our versions but for the newest. One that is not ours is that of a newer program."""
        scripts = migration_scripts()
        return frozenset(script.revision for script in scripts.walk_revisions()) - {
            scripts.get_current_head()
        }
