import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.errors import (
    InsufficientPrivilege,
    InvalidSchemaName,
    ReadOnlySqlTransaction,
    UndefinedColumn,
    UndefinedTable,
)
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState

from internal.infrastructure.database.bounded_connection import bounded_by
from internal.infrastructure.database.connect_arguments import ENGINE_URL, connect_arguments
from internal.infrastructure.database.error_texts import leave_rows_out_of_errors
from internal.infrastructure.database.postgres_errors import is_cut_off, reason_of
from internal.ports.unavailable import DatabaseUnreachable, Unavailable

PING_AFTER = 1  # seconds that a connection was idle
PING_WITHIN = 1  # seconds until a connection that does not answer is replaced
SERVER_FIRST = 0.25  # seconds that Postgres gets to end a statement itself, before we give up
# These errors last until an operator migrates the schema or grants a right.
_UNUSABLE = (UndefinedTable, UndefinedColumn, InvalidSchemaName, InsufficientPrivilege)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseTimeouts:
    connect: timedelta = timedelta(seconds=2)  # whole seconds, at least two: psycopg refuses less
    pool: timedelta = timedelta(seconds=2)
    statement: timedelta = timedelta(seconds=5)


def create_engine(url: str, *, pool_size: int, timeouts: DatabaseTimeouts) -> AsyncEngine:
    """An engine that connects on first use, with time limits for connections and statements.

    Postgres enforces the limit of a statement. If it does not, the statement and its connection are given up
    a moment later.
    """
    statement = timeouts.statement.total_seconds()
    engine = create_async_engine(
        ENGINE_URL,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=timeouts.pool.total_seconds(),
        hide_parameters=True,  # errors end up in the logs, and parameters are personal data
        connect_args={
            **connect_arguments(url, within=timeouts.connect, statement=timeouts.statement),
            "async_creator_fn": bounded_by(statement + SERVER_FIRST),
        },
    )
    leave_rows_out_of_errors(engine.sync_engine)
    _end_autocommit(engine.sync_engine)
    _ping_idle_connections(engine.sync_engine)
    return engine


def _end_autocommit(engine: Engine) -> None:
    """Turn it off when a connection comes back: without a transaction, a unit of work could store a half."""

    @event.listens_for(engine, "reset")
    def end(connection: Any, _: ConnectionPoolEntry, state: PoolResetState) -> None:
        if state.asyncio_safe and connection.autocommit:
            connection.autocommit = False


def _ping_idle_connections(engine: Engine) -> None:
    """Replace a connection that broke while it was idle, before it is used.

    SQLAlchemy's `pool_pre_ping` pings at every use, which costs a busy service one round trip each time.
    """

    @event.listens_for(engine, "checkin")
    def note(_: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        if time.monotonic() - record.info.get("idle_since", time.monotonic()) < PING_AFTER:
            return
        try:
            with _less_patient(record.driver_connection):
                engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


@contextmanager
def _less_patient(connection: Any) -> Generator[None]:
    usual, connection.patience = connection.patience, PING_WITHIN
    try:
        yield
    finally:
        connection.patience = usual


@contextmanager
def translated_outages() -> Generator[None]:
    """Raise Unavailable if Postgres cannot be reached or used, or does not answer in time."""
    try:
        yield
    except Exception as error:
        if is_outage(error):
            raise outage(error) from error
        raise


def outage(error: BaseException) -> Unavailable:
    kind = DatabaseUnreachable if is_cut_off(error) else Unavailable
    is_unusable = isinstance(_original(error), _UNUSABLE)
    return kind(f"Postgres cannot be {'used' if is_unusable else 'reached'}: {reason_of(error)}")


def is_outage(error: BaseException | None) -> bool:
    if isinstance(error, PoolTimeoutError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        return True
    # Read-only: after a fail-over, until the connections go to the new primary.
    kinds = (psycopg.OperationalError, psycopg.InterfaceError, ReadOnlySqlTransaction, *_UNUSABLE)
    return isinstance(_original(error), kinds)


def _original(error: BaseException | None) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error
