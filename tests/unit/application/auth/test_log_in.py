from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from internal.application.auth.log_in import LogIn, LogInCommand
from internal.domain.errors import RateLimited
from internal.domain.security_event import EventName
from internal.domain.session import MOST_SESSIONS
from internal.domain.user import AccountDisabled, InvalidCredentials, User
from internal.ports.password_attempts import LockoutPolicy
from internal.ports.password_hasher import Match
from internal.ports.rate_limiter import EVERYBODY, Limit
from internal.ports.unavailable import Unavailable
from tests.fakes.password_hasher import FakePasswordHasher, fake_hash
from tests.fakes.site import FakeSite
from tests.fakes.user_reader import FakeUserReader
from tests.support.callers import CALLER

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"
HASH = fake_hash(PASSWORD)


class Accounts(FakeSite):
    """One account: Ada's."""

    def __init__(self, ada: User) -> None:
        super().__init__()
        self.log_in_with = self.hashing_with(self.hasher)
        self.ada = replace(ada, password_hash=HASH)
        self.store(self.ada)

    def hashing_with(self, hasher: FakePasswordHasher) -> LogIn:
        return LogIn(
            uow=self.uow,
            users=FakeUserReader(self.uow),
            password_hasher=hasher,
            password_attempts=self.attempts,
            rate_limiter=self.limits,
            open_session=self.open_session,
            clock=self.clock,
        )


@pytest.fixture
def accounts(ada: User) -> Accounts:
    return Accounts(ada)


@pytest.mark.parametrize("email", ["ada@example.com", " ADA@Example.COM"])
async def test_exchanges_credentials_for_a_token(accounts: Accounts, email: str) -> None:
    logged_in = await accounts.log_in_with(LogInCommand(email=email, password=PASSWORD, caller=CALLER))

    assert logged_in.user == accounts.ada
    token = accounts.tokens.verify(logged_in.tokens.access_token)
    assert (token.user_id, token.session_id) == (accounts.ada.id, logged_in.tokens.session_id)
    assert accounts.uow.sessions.by_id.keys() == {token.session_id}
    assert accounts.events == [EventName.LOGGED_IN]


@pytest.mark.parametrize(
    ("email", "compared_with", "reason"),
    [
        ("ada@example.com", HASH, "password"),
        ("nobody@example.com", None, "unknown account"),
        ("not an address", None, "unknown account"),
    ],
)
async def test_rejects_wrong_credentials_after_the_same_work(
    accounts: Accounts, email: str, compared_with: str | None, reason: str
) -> None:
    with pytest.raises(InvalidCredentials, match=r"^Invalid credentials$"):
        await accounts.log_in_with(LogInCommand(email=email, password="wrong horse", caller=CALLER))

    assert accounts.hasher.verified == [(compared_with, {"$fake$cost=1"})]
    assert accounts.hasher.hashed == []
    [event] = accounts.uow.security_events.recorded
    assert (event.name, event.details) == (EventName.LOGIN_FAILED, {"reason": reason})
    assert event.subject_id == (accounts.ada.id if compared_with else None)
    assert accounts.uow.sessions.by_id == {}


async def test_a_log_in_stores_an_outdated_hash_again(accounts: Accounts) -> None:
    accounts.hasher.cost = 2

    for _ in range(2):
        await accounts.log_in_with(LogInCommand(email="ada@example.com", password=PASSWORD, caller=CALLER))

    assert accounts.uow.users.by_id[accounts.ada.id] == replace(
        accounts.ada, password_hash=fake_hash(PASSWORD, cost=2)
    )
    assert accounts.hasher.hashed == [PASSWORD]


async def test_a_rejected_log_in_leaves_an_outdated_hash(accounts: Accounts) -> None:
    accounts.hasher.cost = 2

    with pytest.raises(InvalidCredentials):
        await accounts.log_in_with(
            LogInCommand(email="ada@example.com", password="wrong horse", caller=CALLER)
        )

    assert accounts.uow.users.by_id[accounts.ada.id] == accounts.ada


async def test_an_outdated_hash_that_cannot_be_replaced_still_opens_the_account(accounts: Accounts) -> None:
    class BusyPasswordHasher(FakePasswordHasher):
        async def hash(self, password: str) -> str:
            raise Unavailable

    log_in = accounts.hashing_with(BusyPasswordHasher(cost=2))

    logged_in = await log_in(LogInCommand(email="ada@example.com", password=PASSWORD, caller=CALLER))

    assert logged_in.user == accounts.ada


async def test_neither_command_nor_result_shows_a_secret(accounts: Accounts) -> None:
    command = LogInCommand(email="ada@example.com", password=PASSWORD, caller=CALLER)

    logged_in = await accounts.log_in_with(command)

    assert PASSWORD not in f"{command}{logged_in}"
    assert logged_in.tokens.access_token not in repr(logged_in)
    assert logged_in.tokens.refresh_token not in repr(logged_in)


async def test_a_disabled_account_is_named_only_to_those_who_know_the_password(accounts: Accounts) -> None:
    accounts.store(accounts.ada.disable(now=accounts.clock.now()))

    with pytest.raises(InvalidCredentials):
        await accounts.log_in_with(LogInCommand(email="ada@example.com", password="wrong", caller=CALLER))
    with pytest.raises(AccountDisabled):
        await accounts.log_in_with(LogInCommand(email="ada@example.com", password=PASSWORD, caller=CALLER))

    assert [event.details["reason"] for event in accounts.uow.security_events.recorded] == [
        "password",
        "disabled",
    ]
    assert accounts.uow.sessions.by_id == {}


async def test_a_password_that_changes_while_it_is_compared_opens_nothing(accounts: Accounts) -> None:
    class SlowPasswordHasher(FakePasswordHasher):
        async def verify(
            self, password: str, password_hash: str | None, *, stored_costs: Collection[str] = ()
        ) -> Match:
            changed = accounts.ada.change_password(fake_hash("another"), now=accounts.clock.now())
            accounts.store(changed)
            return await super().verify(password, password_hash, stored_costs=stored_costs)

    log_in = accounts.hashing_with(SlowPasswordHasher())

    with pytest.raises(InvalidCredentials):
        await log_in(LogInCommand(email="ada@example.com", password=PASSWORD, caller=CALLER))

    assert accounts.uow.sessions.by_id == {}


async def test_an_account_has_a_limited_number_of_sessions(accounts: Accounts) -> None:
    for _ in range(MOST_SESSIONS + 2):
        await accounts.log_in_with(LogInCommand(email="ada@example.com", password=PASSWORD, caller=CALLER))

    assert len(accounts.uow.sessions.by_id) == MOST_SESSIONS


async def test_two_log_ins_may_replace_an_outdated_hash_at_once(accounts: Accounts) -> None:
    class Overtaken(FakePasswordHasher):
        async def verify(
            self, password: str, password_hash: str | None, *, stored_costs: Collection[str] = ()
        ) -> Match:
            match = await super().verify(password, password_hash, stored_costs=stored_costs)
            await accounts.uow.users.replace_password_hash(accounts.ada, fake_hash(PASSWORD, cost=2))
            return match

    await accounts.hashing_with(Overtaken(cost=2))(
        LogInCommand(email="ada@example.com", password=PASSWORD, caller=CALLER)
    )

    assert len(accounts.uow.sessions.by_id) == 1


async def test_counts_the_client_and_everybody(accounts: Accounts) -> None:
    await accounts.log_in_with(LogInCommand(email="ada@example.com", password=PASSWORD, caller=CALLER))

    assert accounts.limits.used == {
        (Limit.LOG_INS_PER_CLIENT, CALLER.network): 1,
        (Limit.LOG_INS, EVERYBODY): 1,
    }


@pytest.mark.parametrize("email", [" ADA@Example.com", "nobody@example.com", "not an address"])
async def test_after_too_many_failures_nothing_is_looked_up_or_compared(
    accounts: Accounts, email: str
) -> None:
    command = LogInCommand(email=email, password="wrong horse", caller=CALLER)
    accounts.attempts.policy = LockoutPolicy(free=2, window=timedelta(minutes=15))
    for _ in range(2):
        with pytest.raises(InvalidCredentials):
            await accounts.log_in_with(command)

    for _ in range(3):
        with pytest.raises(RateLimited):
            await accounts.log_in_with(command)

    assert len(accounts.hasher.verified) == 2
    assert accounts.events == [EventName.LOGIN_FAILED, EventName.LOGIN_FAILED, EventName.ACCOUNT_LOCKED]
    assert accounts.uow.security_events.recorded[-1].details == {"seconds": "1"}


async def test_an_outage_is_not_a_failure_of_the_account(accounts: Accounts) -> None:
    class OverloadedPasswordHasher(FakePasswordHasher):
        async def verify(
            self, password: str, password_hash: str | None, *, stored_costs: Collection[str] = ()
        ) -> Match:
            raise Unavailable

    log_in = accounts.hashing_with(OverloadedPasswordHasher())

    with pytest.raises(Unavailable):
        await log_in(LogInCommand(email="ada@example.com", password=PASSWORD, caller=CALLER))

    assert accounts.attempts.failures["ada@example.com"].count == 0


async def test_the_right_password_makes_failures_forgotten(accounts: Accounts) -> None:
    for password in ("wrong horse", PASSWORD):
        with suppress(InvalidCredentials):
            await accounts.log_in_with(
                LogInCommand(email="ada@example.com", password=password, caller=CALLER)
            )

    assert accounts.attempts.failures == {}
