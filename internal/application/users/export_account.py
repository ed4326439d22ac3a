from collections.abc import Sequence
from dataclasses import dataclass

from internal.application.users.list_own_security_events import as_told_to
from internal.domain.account_token import AccountToken
from internal.domain.session import Session
from internal.domain.user import User
from internal.ports.rate_limiter import Limit, RateLimiter, counted
from internal.ports.security_event_log import EventFilter, RecordedEvent, SecurityEventLog
from internal.ports.unit_of_work import UnitOfWork
from internal.ports.user_tasks import UserTask

# An attacker who tries passwords makes many events. The list has the older ones, page by page.
MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAccountCommand:
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountExport:
    """Everything that we hold about a user. `has_older_events`: more than MOST_EVENTS are stored."""

    user: User
    sessions: Sequence[Session]
    account_tokens: Sequence[AccountToken]
    tasks: Sequence[UserTask]
    events: Sequence[RecordedEvent]
    has_older_events: bool


class ExportAccount:
    def __init__(
        self, *, uow: UnitOfWork, security_event_log: SecurityEventLog, rate_limiter: RateLimiter
    ) -> None:
        self._uow = uow
        self._log = security_event_log
        self._rate_limiter = rate_limiter

    async def __call__(self, command: ExportAccountCommand) -> AccountExport:
        """Collect what belongs to the account.

        Raises:
            RateLimited: too many exports of this user.
        """
        user = command.user
        async with counted(self._rate_limiter, {Limit.EXPORTS_PER_USER: str(user.id)}):
            concerning = await self._log.page(EventFilter(subject_id=user.id), size=MOST_EVENTS)
            caused = await self._log.page(EventFilter(actor_id=user.id), size=MOST_EVENTS)
            events = {event.id: event for event in (*concerning.events, *caused.events)}
            async with self._uow as uow:
                return AccountExport(
                    user=user,
                    sessions=await uow.sessions.list_of(user.id),
                    account_tokens=await uow.account_tokens.list_of(user.id),
                    tasks=await uow.user_tasks.of(user.id),
                    events=[as_told_to(user, events[number]) for number in sorted(events, reverse=True)],
                    has_older_events=bool(concerning.next or caused.next),
                )
