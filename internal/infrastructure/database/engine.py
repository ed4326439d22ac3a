import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg.conninfo import make_conninfo, timeout_from_conninfo
from psycopg.errors import ProgrammingError, ReadOnlySqlTransaction
from sqlalchemy import URL, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from internal.infrastructure.database.bounded_connection import bounded_by
from internal.ports.unavailable import Unavailable

PING_AFTER = 1  # seconds that a connection has been idle
PING_WITHIN = 1  # seconds until a connection that does not answer is replaced
SERVER_FIRST = 0.25  # seconds longer than Postgres may take to end a statement itself


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseTimeouts:
    connect: timedelta = timedelta(seconds=2)  # whole seconds, at least two: psycopg takes no less
    pool: timedelta = timedelta(seconds=2)
    statement: timedelta = timedelta(seconds=5)


def driver_url(url: str) -> URL:
    """The same URL, also for SQLAlchemy, which wants the driver to be named."""
    return make_url(url).set(drivername="postgresql+psycopg")


def require_usable_url(url: str) -> None:
    """Raise ValueError unless Postgres' client takes what `url` says; the text shows nothing of it."""
    try:
        parsed = driver_url(url)
        _, parameters = parsed.get_dialect()().create_connect_args(parsed)
        make_conninfo(**parameters)
        timeout_from_conninfo(dict(parameters))
    except (ArgumentError, ProgrammingError, ValueError) as error:
        raise ValueError("has a part or a parameter that the Postgres client does not take") from error


def create_engine(url: str, *, pool_size: int, timeouts: DatabaseTimeouts) -> AsyncEngine:
    """An engine that connects when it is first used, and waits only so long for a connection or a statement.

    The limit of a statement is Postgres' to keep. A Postgres that does not even do that is given up a moment
    later, and the connection with it.
    """
    statement = timeouts.statement.total_seconds()
    engine = create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=timeouts.pool.total_seconds(),
        hide_parameters=True,  # an error's text ends in the logs, and parameters are personal data
        connect_args={
            "async_creator_fn": bounded_by(statement + SERVER_FIRST),
            "connect_timeout": int(timeouts.connect.total_seconds()),
            "options": f"-c statement_timeout={int(statement * 1000)} -c timezone=UTC",
        },
    )
    _ping_idle_connections(engine.sync_engine)
    return engine


def _ping_idle_connections(engine: Engine) -> None:
    """Replace a connection that went stale while it was idle, before anybody uses it.

    SQLAlchemy's `pool_pre_ping` does so at every use, which costs a busy service a round trip each time.
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
    """Raise Unavailable for whatever means that Postgres cannot be reached or does not answer in time."""
    try:
        yield
    except Exception as error:
        if is_outage(error):
            raise Unavailable("Postgres cannot be reached") from error
        raise


def is_outage(error: BaseException | None) -> bool:
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    # Read-only: a primary that has become a standby, until the connections go to the new one.
    return error.connection_invalidated or isinstance(error.orig, ReadOnlySqlTransaction)
