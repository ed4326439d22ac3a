from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.application.users.export_account import AccountExport, ExportAccount, ExportAccountCommand
from internal.domain.account_token import TokenPurpose
from internal.domain.caller import Caller
from internal.domain.errors import RateLimited
from internal.domain.security_event import EventName, Result
from internal.domain.user import User
from internal.ports.rate_limiter import Limit, Quota
from internal.ports.security_event_log import RecordedEvent
from tests.fakes.security_event_log import FakeSecurityEventLog
from tests.support.account_tokens import token_for
from tests.support.callers import CALLER
from tests.support.own_accounts import FakeOwnAccounts

pytestmark = pytest.mark.anyio

NOW = datetime(2030, 1, 1, tzinfo=UTC)
UNKNOWN = Caller(address=None, user_agent=None, request_id=None)


def event(number: int, *, actor: UUID, subject: UUID) -> RecordedEvent:
    return RecordedEvent(
        id=number,
        occurred_at=NOW,
        name=EventName.ADMIN_USER_RENAMED,
        result=Result.SUCCESS,
        actor_id=actor,
        subject_id=subject,
        caller=CALLER,
        details={},
    )


class Site:
    def __init__(self, ada: User) -> None:
        quotas = {Limit.EXPORTS_PER_USER: Quota(2, timedelta(hours=1))}
        self.accounts = FakeOwnAccounts(ada, quotas=quotas)
        self.log = FakeSecurityEventLog()

    async def export(self) -> AccountExport:
        use_case = ExportAccount(
            uow=self.accounts.uow, security_event_log=self.log, rate_limiter=self.accounts.limiter
        )
        return await use_case(ExportAccountCommand(user=self.accounts.ada))


async def test_contains_the_account_its_sessions_links_and_tasks(ada: User) -> None:
    site = Site(ada)
    await site.accounts.open_session()
    async with site.accounts.uow as uow:
        _, token = token_for(ada, TokenPurpose.VERIFY_EMAIL)
        await uow.account_tokens.add(token)
        await uow.tasks.publish(SendWelcomeEmail(user_id=ada.id))
        await uow.commit()

    exported = await site.export()

    assert exported.user == site.accounts.ada
    assert [session.user_id for session in exported.sessions] == [ada.id]
    assert exported.account_tokens == [token]
    assert [task.name for task in exported.tasks] == ["email:welcome"]


async def test_contains_what_happened_to_the_user_and_what_the_user_did(ada: User) -> None:
    site, other = Site(ada), uuid4()
    own = event(1, actor=ada.id, subject=ada.id)
    by_ada = event(2, actor=ada.id, subject=other)
    by_admin = event(3, actor=other, subject=ada.id)
    site.log.recorded = [own, by_ada, by_admin, event(4, actor=other, subject=other)]

    exported = await site.export()

    assert exported.events == [replace(by_admin, caller=UNKNOWN), by_ada, own]
    assert not exported.has_older_events


async def test_a_user_cannot_export_all_day(ada: User) -> None:
    site = Site(ada)
    for _ in range(2):
        await site.export()

    with pytest.raises(RateLimited):
        await site.export()
