from datetime import timedelta

import pytest

from internal.domain.errors import RateLimited
from internal.domain.security_event import EventName, Result
from internal.domain.user import User, WrongPassword
from internal.ports.password_attempts import LockoutPolicy
from internal.ports.rate_limiter import Limit, Quota
from tests.support.callers import CALLER
from tests.support.own_accounts import PASSWORD, FakeOwnAccounts

pytestmark = pytest.mark.anyio

STRICT = LockoutPolicy(free=2, window=timedelta(minutes=15), first_wait=timedelta(minutes=1))


@pytest.fixture
def accounts(ada: User) -> FakeOwnAccounts:
    return FakeOwnAccounts(ada, policy=STRICT)


async def confirm(accounts: FakeOwnAccounts, password: str) -> None:
    await accounts.confirm_password(accounts.ada, password, caller=CALLER)


async def test_accepts_the_password_of_the_user(accounts: FakeOwnAccounts) -> None:
    await confirm(accounts, PASSWORD)

    assert (accounts.events, accounts.attempts.failures) == ([], {})


async def test_a_wrong_password_is_recorded(accounts: FakeOwnAccounts) -> None:
    with pytest.raises(WrongPassword):
        await confirm(accounts, "wrong horse")

    [event] = accounts.uow.security_events.recorded
    assert (event.name, event.result) == (EventName.REAUTHENTICATION_FAILED, Result.FAILURE)
    assert (event.actor_id, event.subject_id, event.caller) == (accounts.ada.id, accounts.ada.id, CALLER)


async def test_limits_the_guesses_of_a_stolen_session(accounts: FakeOwnAccounts) -> None:
    for _ in range(STRICT.free):
        with pytest.raises(WrongPassword):
            await confirm(accounts, "wrong horse")

    with pytest.raises(RateLimited):
        await confirm(accounts, PASSWORD)

    accounts.clock.advance(STRICT.first_wait)
    await confirm(accounts, PASSWORD)


async def test_failed_log_ins_do_not_keep_the_user_out(accounts: FakeOwnAccounts) -> None:
    for _ in range(STRICT.free):
        await accounts.attempts.begin("ada@example.com")

    await confirm(accounts, PASSWORD)


async def test_limits_the_checks_of_one_client(ada: User) -> None:
    accounts = FakeOwnAccounts(ada, quotas={Limit.LOG_INS_PER_CLIENT: Quota(2, timedelta(minutes=1))})
    for _ in range(2):
        await confirm(accounts, PASSWORD)

    with pytest.raises(RateLimited):
        await confirm(accounts, PASSWORD)
