import time
from collections.abc import Generator
from contextlib import contextmanager

from psycopg.conninfo import make_conninfo, timeout_from_conninfo
from psycopg.errors import ProgrammingError, ReadOnlySqlTransaction
from sqlalchemy import URL, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from internal.ports.unavailable import Unavailable

CONNECT_TIMEOUT = 2  # seconds
POOL_TIMEOUT = 2  # seconds
STATEMENT_TIMEOUT = 5  # seconds
PING_AFTER = 1  # seconds that a connection has been idle


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


def create_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """An engine that connects when it is first used, and waits only so long for a connection or a statement.

    The limit of a statement is Postgres' to keep: one that hangs with its connections open is not noticed.
    """
    engine = create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        hide_parameters=True,  # an error's text ends in the logs, and parameters are personal data
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT}s -c timezone=UTC",
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
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


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
