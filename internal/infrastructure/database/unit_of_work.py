import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from internal.domain.events import Event
from internal.infrastructure.database.account_tokens import SqlAlchemyAccountTokens
from internal.infrastructure.database.engine import is_outage, outage, translated_outages
from internal.infrastructure.database.idempotent_requests import SqlAlchemyIdempotentRequests
from internal.infrastructure.database.outbox.publisher import OutboxTaskPublisher
from internal.infrastructure.database.outbox.relay import OutboxRelay
from internal.infrastructure.database.outbox.user_tasks import SqlAlchemyUserTasks
from internal.infrastructure.database.security_events import SqlAlchemySecurityEvents
from internal.infrastructure.database.session_repository import SqlAlchemySessionRepository
from internal.infrastructure.database.user_repository import SqlAlchemyUserRepository
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.infrastructure.tasks.transport import TaskTransport
from internal.ports.tasks import Task
from internal.ports.unavailable import Unavailable


class SqlAlchemyUnitOfWork:
    """Limits the whole unit of work to `within`, because the limits of its statements would add up."""

    users: SqlAlchemyUserRepository
    sessions: SqlAlchemySessionRepository
    account_tokens: SqlAlchemyAccountTokens
    security_events: SqlAlchemySecurityEvents
    requests: SqlAlchemyIdempotentRequests
    tasks: OutboxTaskPublisher
    user_tasks: SqlAlchemyUserTasks
    _connection: AsyncConnection
    _deadline: asyncio.Timeout
    _recorded: list[Event]

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        relay: OutboxRelay,
        encoder: TaskEncoder,
        transport: TaskTransport,
        tasks_of: Callable[[Sequence[Event]], Sequence[Task]],
        within: timedelta,
    ) -> None:
        self._within = within
        self._engine = engine
        self._relay = relay
        self._encoder = encoder
        self._transport = transport
        self._tasks_of = tasks_of

    async def __aenter__(self) -> Self:
        self._deadline = asyncio.timeout(self._within.total_seconds())
        await self._deadline.__aenter__()
        try:
            with translated_outages():
                self._connection = await self._engine.connect()
                await self._connection.begin()
        except BaseException as error:
            await self._meet_deadline(error)
            raise
        self._recorded = []
        self.users = SqlAlchemyUserRepository(self._connection, record=self.record)
        self.sessions = SqlAlchemySessionRepository(self._connection)
        self.account_tokens = SqlAlchemyAccountTokens(self._connection)
        self.security_events = SqlAlchemySecurityEvents(self._connection)
        self.requests = SqlAlchemyIdempotentRequests(self._connection)
        self.tasks = OutboxTaskPublisher(
            connection=self._connection, encoder=self._encoder, transport=self._transport
        )
        self.user_tasks = SqlAlchemyUserTasks(self._connection)
        return self

    def record(self, event: Event) -> None:
        self._recorded.append(event)

    async def commit(self) -> None:
        """Store the tasks of the subscribers, commit, return the connection to the pool, then enqueue."""
        if of_subscribers := self._tasks_of(self._recorded):
            await self.tasks.publish_many(of_subscribers)
        await self._connection.commit()
        self._deadline.reschedule(None)  # a slow Redis must not make a committed transaction look failed
        await self._connection.close()
        self.security_events.log_added()
        if self.tasks.stored:
            await self._relay.forward_now(self.tasks.stored)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            with translated_outages():
                await self._connection.close()
        except BaseException as error:
            await self._meet_deadline(error)
            raise
        await self._meet_deadline(exc)
        if exc is not None and is_outage(exc):
            raise outage(exc) from exc

    async def _meet_deadline(self, error: BaseException | None) -> None:
        """Leave the deadline's scope. Raise Unavailable if `error` means that it has passed."""
        try:
            await self._deadline.__aexit__(None if error is None else type(error), error, None)
        except TimeoutError:
            raise Unavailable("Postgres does not answer in time") from error
