from datetime import timedelta

import pytest

from internal.application.auth.authenticate import Principal
from internal.application.users.change_name import ChangeName, ChangeNameCommand
from internal.domain.caller import Caller
from internal.domain.display_name import InvalidDisplayName
from internal.domain.errors import RateLimited
from internal.domain.security_event import EventName
from internal.domain.user import User, UserChanged
from internal.ports.rate_limiter import Limit, Quota
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.rate_limiter import FakeRateLimiter
from tests.fakes.unit_of_work import FakeUnitOfWork

pytestmark = pytest.mark.anyio

CALLER = Caller(address="192.0.2.7", user_agent="curl", request_id="r-1")


@pytest.fixture
def uow(ada: User) -> FakeUnitOfWork:
    uow = FakeUnitOfWork()
    uow.users.by_id[ada.id] = ada
    return uow


async def change(uow: FakeUnitOfWork, user: User, name: str, limiter: FakeRateLimiter | None = None) -> User:
    command = ChangeNameCommand(principal=Principal(user=user, session_id=None), name=name, caller=CALLER)
    limiter = limiter or FakeRateLimiter()
    return await ChangeName(uow=uow, rate_limiter=limiter, clock=FakeClock())(command)


async def test_a_user_gets_another_name(uow: FakeUnitOfWork, ada: User) -> None:
    renamed = await change(uow, ada, " Ada King ")

    assert uow.users.by_id[ada.id] == renamed
    assert (renamed.name.value, renamed.version, renamed.updated_at) == ("Ada King", 2, NOON)
    assert [event.name for event in uow.security_events.recorded] == [EventName.RENAMED]


@pytest.mark.parametrize("name", ["", "Ada\u202eadA", "Ada\r\nBcc: eve@example.com", "\0"])
async def test_refuses_a_name_that_breaks_a_rule(uow: FakeUnitOfWork, ada: User, name: str) -> None:
    with pytest.raises(InvalidDisplayName):
        await change(uow, ada, name)

    assert uow.users.by_id[ada.id] == ada


async def test_keeps_what_another_request_changed_at_the_same_time(uow: FakeUnitOfWork, ada: User) -> None:
    uow.users.by_id[ada.id] = ada.verify_email(now=NOON)

    renamed = await change(uow, ada, "Ada King")

    assert uow.users.by_id[ada.id] == renamed
    assert (renamed.verified_at, renamed.version) == (NOON, 3)


async def test_changes_nothing_once_the_sessions_were_ended(uow: FakeUnitOfWork, ada: User) -> None:
    locked_out = uow.users.by_id[ada.id] = ada.end_all_sessions(now=NOON)

    with pytest.raises(UserChanged):
        await change(uow, ada, "Eve")

    assert uow.users.by_id[ada.id] == locked_out
    assert uow.security_events.recorded == []


async def test_fills_no_table_with_names(uow: FakeUnitOfWork, ada: User) -> None:
    limiter = FakeRateLimiter({Limit.NAME_CHANGES_PER_USER: Quota(2, timedelta(hours=1))})
    for name in ("Ada", "Augusta"):
        await change(uow, ada, name, limiter)

    with pytest.raises(RateLimited):
        await change(uow, ada, "Byron", limiter)

    assert len(uow.security_events.recorded) == 2
