from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from internal.domain.account_token import AccountToken, TokenPurpose
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.ports.token_keeper import TokenKeeper
from internal.ports.unit_of_work import UnitOfWork
from tests.fakes.token_keeper import FakeTokenKeeper
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.round_trips import traffic

pytestmark = pytest.mark.anyio

DIGEST, ANOTHER = b"1" * 32, b"2" * 32


@dataclass(frozen=True)
class Store:
    keeper: TokenKeeper
    uow: UnitOfWork

    async def add(self, user: User) -> None:
        async with self.uow as uow:
            await uow.users.add(user)
            await uow.commit()


@pytest.fixture(params=["fake", "sqlalchemy"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        fake = FakeUnitOfWork()
        return Store(FakeTokenKeeper(fake), fake)
    container: Container = request.getfixturevalue("container")
    return Store(container.database.token_keeper(), container.database.unit_of_work())


@pytest.fixture
def token(ada: User) -> AccountToken:
    return AccountToken(
        digest=DIGEST,
        purpose=TokenPurpose.VERIFY_EMAIL,
        user_id=ada.id,
        email=ada.email.value,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


async def test_a_token_is_stored_at_once(store: Store, ada: User, token: AccountToken) -> None:
    await store.add(ada)

    assert await store.keeper.add(token) == DIGEST

    async with store.uow as uow:
        assert await uow.account_tokens.list_of(ada.id) == [token]


async def test_stores_a_token_unless_another_is_stored(store: Store, ada: User, token: AccountToken) -> None:
    await store.add(ada)
    await store.keeper.add(token)

    assert await store.keeper.add(replace(token, digest=ANOTHER), unless=[DIGEST]) == DIGEST

    async with store.uow as uow:
        assert await uow.account_tokens.list_of(ada.id) == [token]


async def test_takes_one_round_trip(container: Container, ada: User, token: AccountToken) -> None:
    store = Store(container.database.token_keeper(), container.database.unit_of_work())
    await store.add(ada)

    with traffic(container) as seen:
        await store.keeper.add(token, unless=[ANOTHER])

    assert seen.round_trips == 1
