"""Alembic's index operations for tables that are in use.

They cannot run in a transaction, so each needs a separate migration.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from alembic import op
from sqlalchemy import TextClause

# A statement that waits for a table blocks all others behind it. So it gives up soon and is run again.
IMPATIENT = "SET lock_timeout = '5s'"
# This waits for older transactions, but blocks nobody.
PATIENT = "SET lock_timeout = 0"


def create_index(name: str, table_name: str, columns: Sequence[str | TextClause], **options: Any) -> None:
    """Build an index. Replace one of that name: an interrupted migration leaves an invalid index."""
    with _patiently():
        _drop(name, table_name)
        op.create_index(name, table_name, columns, postgresql_concurrently=True, **options)


def drop_index(name: str, *, table_name: str, **options: Any) -> None:
    with _patiently():
        _drop(name, table_name, **options)


@contextmanager
def _patiently() -> Generator[None]:
    with op.get_context().autocommit_block():
        op.execute(PATIENT)
        yield
        op.execute(IMPATIENT)


def _drop(name: str, table_name: str, **options: Any) -> None:
    op.drop_index(name, table_name=table_name, if_exists=True, postgresql_concurrently=True, **options)
