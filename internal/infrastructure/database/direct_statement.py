from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.pq.abc import PGresult
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import greenlet_spawn

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.error_texts import leave_rows_out_of

_DIALECT = PGDialectAsync_psycopg(paramstyle="pyformat")  # type: ignore[no-untyped-call]  # SQLAlchemy's


class DirectStatement:
    """A statement that is compiled once and that the driver runs itself.

    The layers in between take more CPU than the driver and Postgres together. They also convert parameters:
    here a list is one parameter, to be compared with ANY, and JSON has to be a `Jsonb`.
    """

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._sql = str(compiled)
        self._constants = dict(compiled.params)
        self._to_row: Callable[[Iterable[Any]], Any] | None = None

    async def alone(self, engine: AsyncEngine, **values: object) -> Sequence[Any]:
        """Return the rows. The statement is its own transaction, in one round trip.

        Raises:
            Unavailable: Postgres cannot be reached or used, or does not answer in time.
        """
        with translated_outages():
            pooled = await engine.raw_connection()
            driver: Any = pooled.driver_connection
            try:
                await driver.set_autocommit(True)  # the pool ends it
                return await self._run(driver, values)
            finally:
                await greenlet_spawn(pooled.invalidate if driver.closed else pooled.close)

    async def rows(self, connection: AsyncConnection, values: Mapping[str, object]) -> Sequence[Any]:
        """Return the rows, in the transaction of the connection, which must have begun."""
        synchronous: Any = connection.sync_connection
        driver = synchronous.connection.driver_connection
        try:
            return await self._run(driver, values)
        except BaseException:
            if driver.closed:
                await connection.invalidate()  # the pool has not seen the error
            raise

    async def _run(self, driver: Any, values: Mapping[str, object]) -> Sequence[Any]:
        try:
            cursor = await driver.execute(self._sql, {**self._constants, **values})
            if not cursor.pgresult.nfields:
                return ()
            return [*map(self._to_row or self._row_type(cursor.pgresult), await cursor.fetchall())]
        except psycopg.Error as error:
            leave_rows_out_of(error)
            raise

    def _row_type(self, result: PGresult) -> Callable[[Iterable[Any]], Any]:
        """Rows that have their columns as attributes. The driver would build the same type for every call."""
        names = [(result.fname(number) or b"").decode() for number in range(result.nfields)]
        row: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024 - known at run time
        self._to_row = make = row._make
        return make
