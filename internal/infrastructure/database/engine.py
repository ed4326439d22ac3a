from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from internal.ports.unavailable import Unavailable

CONNECT_TIMEOUT = 2  # seconds
POOL_TIMEOUT = 2  # seconds
STATEMENT_TIMEOUT = 5  # seconds


def create_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """An engine whose every wait has a limit. It connects when it is first used."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text ends in the logs, and parameters are personal data
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT}s -c timezone=UTC",
        },
    )


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
    return isinstance(error, DBAPIError) and error.connection_invalidated
