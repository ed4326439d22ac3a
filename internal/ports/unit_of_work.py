from types import TracebackType
from typing import Protocol, Self

from internal.domain.events import Event
from internal.ports.account_tokens import AccountTokens
from internal.ports.idempotent_requests import IdempotentRequests
from internal.ports.security_events import SecurityEvents
from internal.ports.session_repository import SessionRepository
from internal.ports.tasks import TaskPublisher
from internal.ports.user_repository import UserRepository
from internal.ports.user_tasks import UserTasks


class UnitOfWork(Protocol):
    """One transaction, as an async context manager. Leaving it without `commit` undoes everything.

    Tasks that are published on `tasks` are stored with the rest, or not at all. After the commit each one is
    delivered at least once.

    Raises:
        Unavailable: the store cannot be reached. If `commit` raises it, the outcome is unknown.
    """

    @property
    def users(self) -> UserRepository: ...

    @property
    def sessions(self) -> SessionRepository: ...

    @property
    def account_tokens(self) -> AccountTokens: ...

    @property
    def security_events(self) -> SecurityEvents: ...

    @property
    def requests(self) -> IdempotentRequests: ...

    @property
    def tasks(self) -> TaskPublisher: ...

    @property
    def user_tasks(self) -> UserTasks: ...

    def record(self, event: Event) -> None:
        """Publish a task for each subscriber at the commit. `users` does this for the event of a user."""
        ...

    async def commit(self) -> None: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
