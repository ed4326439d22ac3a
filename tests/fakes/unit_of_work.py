from types import TracebackType
from typing import Self

from tests.fakes.tasks import FakeTaskPublisher, PublishedTask
from tests.fakes.user_repository import FakeUserRepository


class FakeUnitOfWork:
    """Leaving it without `commit` undoes everything; `published` has the committed tasks."""

    def __init__(self, *, tasks: FakeTaskPublisher | None = None) -> None:
        self.users = FakeUserRepository()
        self.tasks = tasks or FakeTaskPublisher(stores=True)
        self.published: list[PublishedTask] = []

    async def __aenter__(self) -> Self:
        self._committed_users = dict(self.users.by_id)
        return self

    async def commit(self) -> None:
        self._committed_users = dict(self.users.by_id)
        self.published.extend(self.tasks.published)
        self.tasks.published.clear()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.users.by_id = self._committed_users
        self.tasks.published.clear()
