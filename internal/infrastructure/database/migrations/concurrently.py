"""Indexes of tables that are in use, each in a migration of its own: it is no transaction."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

# Whoever waits for a table has everybody else wait behind it: give up soon, and be run again.
IMPATIENT = "SET lock_timeout = '5s'"
# This waits for older transactions to end, and nobody waits for it.
PATIENT = "SET lock_timeout = 0"


def create_index(name: str, table: str, columns: Sequence[str], *, where: str) -> None:
    """Build an index, in place of one of that name: an interrupted migration leaves one that is invalid."""
    with _patiently():
        _drop(name, table)
        op.create_index(
            name,
            table,
            columns,
            if_not_exists=True,
            postgresql_concurrently=True,
            postgresql_where=sa.text(where),
        )


def drop_index(name: str, table: str) -> None:
    with _patiently():
        _drop(name, table)


@contextmanager
def _patiently() -> Generator[None]:
    with op.get_context().autocommit_block():
        op.execute(PATIENT)
        yield
        op.execute(IMPATIENT)


def _drop(name: str, table: str) -> None:
    op.drop_index(name, table_name=table, if_exists=True, postgresql_concurrently=True)
