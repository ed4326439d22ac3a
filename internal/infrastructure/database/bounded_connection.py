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
    """Waits at most `patience` for an answer, and closes itself if none came or the caller was cancelled.

    Postgres' own `statement_timeout` ends long statements. It does not help against a frozen Postgres or a
    broken network. Then only this side can give up, also on a commit or a rollback. psycopg alone would wait
    forever, and for ten more seconds after a cancellation.
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
    """The function that SQLAlchemy calls to connect."""
    order = HostOrder()

    async def connect(*args: Any, **kwargs: Any) -> BoundedConnection:
        first, arguments = order.begin(kwargs)
        connection = await BoundedConnection.connect(*args, **arguments)
        order.succeed(first, arguments=arguments, host=connection.info.host, port=connection.info.port)
        connection.patience = patience
        return connection

    # `patience` does not bound the connecting itself: `connect_timeout` does.
    return connect
