from types import TracebackType
from typing import Self

from internal.application.subscribers import tasks_of
from internal.domain.events import Event
from internal.ports.clock import Clock
from tests.fakes.account_tokens import FakeAccountTokens
from tests.fakes.clock import FakeClock
from tests.fakes.idempotent_requests import FakeIdempotentRequests
from tests.fakes.security_events import FakeSecurityEvents
from tests.fakes.session_repository import FakeSessionRepository
from tests.fakes.tasks import FakeTaskPublisher, PublishedTask
from tests.fakes.user_repository import FakeUserRepository
from tests.fakes.user_tasks import FakeUserTasks


class FakeUnitOfWork:
    """Leaving it without `commit` undoes everything; `published` has the committed tasks."""

    def __init__(self, *, tasks: FakeTaskPublisher | None = None, clock: Clock | None = None) -> None:
        clock = clock or FakeClock()
        self.sessions = FakeSessionRepository(clock)
        self.account_tokens = FakeAccountTokens(clock)
        self.users = FakeUserRepository(
            sessions=self.sessions, account_tokens=self.account_tokens, record=self.record
        )
        self.recorded: list[Event] = []
        self.security_events = FakeSecurityEvents()
        self.requests = FakeIdempotentRequests(clock)
        self.tasks = tasks or FakeTaskPublisher(stores=True)
        self.user_tasks = FakeUserTasks(users=self.users, clock=clock)
        self.published: list[PublishedTask] = []

    async def __aenter__(self) -> Self:
        self._remember()
        return self

    def record(self, event: Event) -> None:
        self.recorded.append(event)

    async def commit(self) -> None:
        await self.tasks.publish_many(tasks_of(self.recorded))
        self.recorded.clear()
        for published in self.tasks.published:
            self.user_tasks.note(published)
        self._remember()
        self.published.extend(self.tasks.published)
        self.tasks.published.clear()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.users.by_id = self._users
        self.sessions.by_id = self._sessions
        self.account_tokens.by_digest, self.account_tokens.used = self._account_tokens
        self.security_events.recorded = self._security_events
        self.requests.by_key = self._requests
        self.user_tasks.noted = self._user_tasks
        self.tasks.published.clear()
        self.recorded.clear()

    def _remember(self) -> None:
        self._users = dict(self.users.by_id)
        self._sessions = dict(self.sessions.by_id)
        self._account_tokens = dict(self.account_tokens.by_digest), set(self.account_tokens.used)
        self._security_events = list(self.security_events.recorded)
        self._requests = dict(self.requests.by_key)
        self._user_tasks = dict(self.user_tasks.noted)
