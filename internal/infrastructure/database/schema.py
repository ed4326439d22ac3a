"""The schema's version: bring it to the head, and tell whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(database_url: str) -> Config:
    config = Config(attributes={"database_url": database_url})
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade_to_head(database_url: str) -> None:
    """Run every migration that has not been run. Processes that do so at once wait for one another.

    Raises:
        Unavailable: Postgres cannot be reached.
    """
    with translated_outages():
        command.upgrade(alembic_config(database_url), "head")


class SchemaVersion:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._head = ScriptDirectory(str(MIGRATIONS)).get_current_head()

    async def is_at_head(self) -> bool:
        """Raise Unavailable if Postgres cannot be reached."""
        with translated_outages():
            async with self._engine.connect() as connection:
                if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                    return False
                version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return bool(version == self._head)
