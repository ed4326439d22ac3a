from dataclasses import replace
from datetime import timedelta

import pytest

from internal.application.auth.authorize import Authorize, AuthorizeCommand
from internal.domain.caller import Caller
from internal.domain.errors import NotPermitted
from internal.domain.role import Permission, Role
from internal.domain.security_event import EventName, Result, SecurityEvent
from internal.domain.user import User
from internal.ports.rate_limiter import Limit, Quota
from tests.fakes.rate_limiter import FakeRateLimiter
from tests.fakes.unit_of_work import FakeUnitOfWork

pytestmark = pytest.mark.anyio

CALLER = Caller(address="192.0.2.7", user_agent="curl", request_id="r1")


def command(user: User) -> AuthorizeCommand:
    return AuthorizeCommand(user=user, permission=Permission.MANAGE_USERS, caller=CALLER)


async def test_lets_a_user_with_the_permission_pass_without_an_event(ada: User) -> None:
    uow = FakeUnitOfWork()

    await Authorize(uow=uow, rate_limiter=FakeRateLimiter())(command(replace(ada, role=Role.ADMIN)))

    assert uow.security_events.recorded == []


async def test_records_who_was_denied_what(ada: User) -> None:
    uow = FakeUnitOfWork()

    with pytest.raises(NotPermitted):
        await Authorize(uow=uow, rate_limiter=FakeRateLimiter())(command(ada))

    assert uow.security_events.recorded == [
        SecurityEvent(
            name=EventName.DENIED,
            result=Result.FAILURE,
            actor_id=ada.id,
            subject_id=ada.id,
            caller=CALLER,
            details={"permission": "users:manage"},
        )
    ]


async def test_records_no_more_denials_of_a_user_than_the_limit_allows(ada: User) -> None:
    uow = FakeUnitOfWork()
    limiter = FakeRateLimiter({Limit.RECORDED_DENIALS_PER_USER: Quota(2, timedelta(minutes=1))})
    authorize = Authorize(uow=uow, rate_limiter=limiter)

    for _ in range(5):
        with pytest.raises(NotPermitted):
            await authorize(command(ada))

    assert len(uow.security_events.recorded) == 2
