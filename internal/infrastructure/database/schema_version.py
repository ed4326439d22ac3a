"""Whether the database has the newest schema. Every process asks, and none needs Alembic for that."""

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages

VERSIONS = Path(__file__).parent / "migrations" / "versions"


class SchemaVersion:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def is_current(self) -> bool:
        """Whether the schema is at our head, or beyond it.

        Raises:
            Unavailable: Postgres cannot be reached.
        """
        return self.is_new_enough(await self.read())

    async def read(self) -> str | None:
        """The revision of the schema; None if there is no schema. Raises Unavailable."""
        with translated_outages():
            async with self._engine.connect() as connection:
                if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                    return None
                version: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
                return version

    def is_new_enough(self, version: str | None) -> bool:
        return version is not None and version not in self._outdated

    @cached_property
    def _outdated(self) -> frozenset[str]:
        return outdated_revisions()


def outdated_revisions() -> frozenset[str]:
    """All our revisions except the newest. A revision that is not ours belongs to a newer program."""
    return frozenset(
        revision for path in VERSIONS.glob("*.py") for revision in _predecessors(path.read_text("utf-8"))
    )


def _predecessors(migration: str) -> Iterator[str]:
    """The revisions that a migration builds on: none, one, or several if it merges them."""
    for statement in ast.parse(migration).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="down_revision")], value=value):
                found = ast.literal_eval(value)
                yield from [found] if isinstance(found, str) else found or ()
