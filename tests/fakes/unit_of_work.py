from types import TracebackType
from typing import Self

from internal.ports.clock import Clock
from tests.fakes.idempotent_requests import FakeIdempotentRequests
from tests.fakes.tasks import FakeTaskPublisher, PublishedTask
from tests.fakes.user_repository import FakeUserRepository


class FakeUnitOfWork:
    """Leaving it without `commit` undoes everything; `published` has the committed tasks."""

    def __init__(self, *, tasks: FakeTaskPublisher | None = None, clock: Clock | None = None) -> None:
        self.users = FakeUserRepository()
        self.requests = FakeIdempotentRequests(clock)
        self.tasks = tasks or FakeTaskPublisher(stores=True)
        self.published: list[PublishedTask] = []

    async def __aenter__(self) -> Self:
        self._committed_users = dict(self.users.by_id)
        self._committed_requests = dict(self.requests.by_key)
        return self

    async def commit(self) -> None:
        self._committed_users = dict(self.users.by_id)
        self._committed_requests = dict(self.requests.by_key)
        self.published.extend(self.tasks.published)
        self.tasks.published.clear()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.users.by_id = self._committed_users
        self.requests.by_key = self._committed_requests
        self.tasks.published.clear()
