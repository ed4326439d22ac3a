from dataclasses import replace
from datetime import timedelta

import pytest

from internal.application.auth.log_in import LogIn, LogInCommand
from internal.domain.user import InvalidCredentials, User
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.password_hasher import FakePasswordHasher, fake_hash
from tests.fakes.token_issuer import FakeTokenIssuer
from tests.fakes.unit_of_work import FakeUnitOfWork

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"
HASH = fake_hash(PASSWORD)


class Accounts:
    """One account: Ada's."""

    def __init__(self, ada: User) -> None:
        self.uow = FakeUnitOfWork()
        self.hasher = FakePasswordHasher()
        self.tokens = FakeTokenIssuer(clock=FakeClock(), ttl=timedelta(minutes=15))
        self.log_in = LogIn(uow=self.uow, password_hasher=self.hasher, token_issuer=self.tokens)
        self.ada = replace(ada, password_hash=HASH)
        self.uow.users.by_id[ada.id] = self.ada


@pytest.fixture
def accounts(ada: User) -> Accounts:
    return Accounts(ada)


@pytest.mark.parametrize("email", ["ada@example.com", " ADA@Example.COM"])
async def test_exchanges_credentials_for_a_token(accounts: Accounts, email: str) -> None:
    logged_in = await accounts.log_in(LogInCommand(email=email, password=PASSWORD))

    assert logged_in.user == accounts.ada
    assert accounts.tokens.verify(logged_in.token).user_id == accounts.ada.id


@pytest.mark.parametrize(
    ("email", "compared_with"),
    [("ada@example.com", HASH), ("nobody@example.com", None), ("not an address", None)],
)
async def test_rejects_wrong_credentials_after_the_same_work(
    accounts: Accounts, email: str, compared_with: str | None
) -> None:
    with pytest.raises(InvalidCredentials, match=r"^Invalid credentials$"):
        await accounts.log_in(LogInCommand(email=email, password="wrong horse"))

    assert accounts.hasher.verified == [(compared_with, {"$fake$cost=1"})]
    assert accounts.hasher.hashed == []


async def test_a_log_in_stores_an_outdated_hash_again(accounts: Accounts) -> None:
    accounts.hasher.cost = 2

    for _ in range(2):
        await accounts.log_in(LogInCommand(email="ada@example.com", password=PASSWORD))

    assert accounts.uow.users.by_id[accounts.ada.id] == replace(
        accounts.ada, password_hash=fake_hash(PASSWORD, cost=2)
    )
    assert accounts.hasher.hashed == [PASSWORD]


async def test_a_rejected_log_in_leaves_an_outdated_hash(accounts: Accounts) -> None:
    accounts.hasher.cost = 2

    with pytest.raises(InvalidCredentials):
        await accounts.log_in(LogInCommand(email="ada@example.com", password="wrong horse"))

    assert accounts.uow.users.by_id[accounts.ada.id] == accounts.ada


async def test_an_outdated_hash_that_cannot_be_replaced_still_opens_the_account(accounts: Accounts) -> None:
    class BusyPasswordHasher(FakePasswordHasher):
        async def hash(self, password: str) -> str:
            raise Unavailable

    log_in = LogIn(uow=accounts.uow, password_hasher=BusyPasswordHasher(cost=2), token_issuer=accounts.tokens)

    logged_in = await log_in(LogInCommand(email="ada@example.com", password=PASSWORD))

    assert logged_in.user == accounts.ada


async def test_neither_command_nor_result_shows_a_secret(accounts: Accounts) -> None:
    command = LogInCommand(email="ada@example.com", password=PASSWORD)

    logged_in = await accounts.log_in(command)

    assert PASSWORD not in f"{command}{logged_in}"
    assert logged_in.token not in repr(logged_in)
