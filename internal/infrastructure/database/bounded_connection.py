from asyncio import CancelledError
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.waiting import wait_async

from internal.infrastructure.database.host_order import HostOrder

ResultT = TypeVar("ResultT")

_LOOK_EVERY = 0.1  # seconds


class BoundedConnection(AsyncConnection[Any]):
    """Waits for an answer no longer than `patience`, and is closed if none came or nobody waits any more.

    Postgres' own `statement_timeout` ends what runs too long. It helps neither against a Postgres that is
    frozen nor against a network that has gone: then only this side can tell, whatever it waits for, commit
    and rollback included. psycopg by itself would wait without end, and for another ten seconds for
    whoever is cancelled.
    """

    patience: float  # seconds

    async def wait(
        self,
        gen: PQGen[ResultT],
        interval: float = _LOOK_EVERY,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's signature
    ) -> ResultT:
        limit = self.patience if timeout is None else min(timeout, self.patience)
        try:
            return await wait_async(gen, self.pgconn.socket, interval=interval, timeout=limit)
        except (CancelledError, OperationalError):
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # the answer may still come
                self.pgconn.finish()
            raise


def bounded_by(patience: float) -> Callable[..., Coroutine[Any, Any, BoundedConnection]]:
    """What connects, for SQLAlchemy."""
    order = HostOrder()

    async def connect(*args: Any, **kwargs: Any) -> BoundedConnection:
        first, arguments = order.begin(kwargs)
        connection = await BoundedConnection.connect(*args, **arguments)
        order.succeed(first, arguments=arguments, host=connection.info.host, port=connection.info.port)
        connection.patience = patience
        return connection

    # While it connects it is not waited for in this way: `connect_timeout` bounds that.
    return connect
