import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest

from internal.domain.account_token import AccountToken, TokenPurpose
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.clock import SystemClock
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork
from tests.fakes.clock import FakeClock
from tests.fakes.unit_of_work import FakeUnitOfWork

pytestmark = pytest.mark.anyio

VERIFY, RESET = TokenPurpose.VERIFY_EMAIL, TokenPurpose.RESET_PASSWORD
DIGEST, ANOTHER, THIRD = b"1" * 32, b"2" * 32, b"3" * 32


@dataclass(frozen=True)
class Store:
    begin: Callable[[], UnitOfWork]
    clock: Clock
    user: User

    def token(self, user: User, *, valid_for: timedelta = timedelta(hours=1)) -> AccountToken:
        return AccountToken(
            digest=DIGEST,
            purpose=VERIFY,
            user_id=user.id,
            email=user.email.value,
            expires_at=self.clock.now() + valid_for,
        )

    async def add(self, *tokens: AccountToken) -> None:
        async with self.begin() as uow:
            if not await uow.users.get(self.user.id):
                await uow.users.add(self.user)
            for token in tokens:
                await uow.account_tokens.add(token)
            await uow.commit()

    async def use(self, digest: bytes = DIGEST, purpose: TokenPurpose = VERIFY) -> AccountToken | None:
        async with self.begin() as uow:
            token = await uow.account_tokens.use(digest, purpose)
            await uow.commit()
        return token


@pytest.fixture(params=["fake", "sqlalchemy"])
def store(request: pytest.FixtureRequest, ada: User) -> Store:
    if request.param == "fake":
        uow = FakeUnitOfWork()
        return Store(lambda: uow, FakeClock(), ada)
    container: Container = request.getfixturevalue("container")
    return Store(container.database.unit_of_work, SystemClock(), ada)


async def test_a_token_is_used_once(store: Store, ada: User) -> None:
    token = store.token(ada)
    await store.add(token)

    assert await store.use() == token
    assert await store.use() is None


async def test_of_simultaneous_uses_one_gets_the_token(store: Store, ada: User) -> None:
    await store.add(store.token(ada))
    simultaneous = 8 if not isinstance(store.clock, FakeClock) else 1
    room = asyncio.Semaphore(simultaneous)

    async def use() -> bool:
        async with room:
            return await store.use() is not None

    assert sum(await asyncio.gather(*(use() for _ in range(20)))) == 1


async def test_a_token_is_bound_to_its_purpose(store: Store, ada: User) -> None:
    await store.add(store.token(ada))

    assert await store.use(purpose=RESET) is None
    assert await store.use() is not None


async def test_unknown_and_expired_tokens_cannot_be_used(store: Store, ada: User) -> None:
    await store.add(store.token(ada, valid_for=timedelta(0)))

    assert await store.use(ANOTHER) is None
    assert await store.use() is None


async def test_storing_a_token_again_changes_nothing(store: Store, ada: User) -> None:
    token = store.token(ada)
    await store.add(token, replace(token, purpose=RESET))
    assert await store.use() == token

    await store.add(token)

    assert await store.use() is None


async def test_stores_a_token_unless_another_is_stored(store: Store, ada: User) -> None:
    expired = store.token(ada, valid_for=timedelta(0))
    other, third = replace(store.token(ada), digest=ANOTHER), replace(store.token(ada), digest=THIRD)
    await store.add(expired)

    async with store.begin() as uow:
        assert await uow.account_tokens.add(other, unless=[THIRD, DIGEST]) == DIGEST
        assert await uow.account_tokens.list_of(ada.id) == [expired]
        assert await uow.account_tokens.add(other, unless=[THIRD]) == ANOTHER
        assert await uow.account_tokens.add(other, unless=[DIGEST]) == ANOTHER
        assert await uow.account_tokens.add(third, unless=[DIGEST, ANOTHER]) == DIGEST
        assert await uow.account_tokens.list_of(ada.id) == [expired, other]


async def test_a_used_token_is_still_stored(store: Store, ada: User) -> None:
    await store.add(store.token(ada))
    await store.use()

    async with store.begin() as uow:
        other = replace(store.token(ada), digest=ANOTHER)
        assert await uow.account_tokens.add(other, unless=[DIGEST]) == DIGEST


async def test_simultaneous_attempts_store_one_token(store: Store, ada: User) -> None:
    await store.add()
    token = store.token(ada)

    async def add() -> bytes:
        async with store.begin() as uow:
            digest = await uow.account_tokens.add(token, unless=[ANOTHER])
            await uow.commit()
        return digest

    if isinstance(store.clock, FakeClock):
        digests = [await add() for _ in range(4)]
    else:
        digests = await asyncio.gather(*(add() for _ in range(4)))

    assert digests == [DIGEST] * 4
    assert await store.use() == token


async def test_an_undone_use_leaves_the_token(store: Store, ada: User) -> None:
    await store.add(store.token(ada))

    async with store.begin() as uow:
        await uow.account_tokens.use(DIGEST, VERIFY)

    assert await store.use() is not None


async def test_withdraws_the_tokens_of_one_purpose(store: Store, ada: User) -> None:
    other = replace(store.token(ada), digest=ANOTHER, purpose=RESET)
    await store.add(store.token(ada), other)

    async with store.begin() as uow:
        await uow.account_tokens.withdraw(ada.id, VERIFY)
        await uow.commit()

    assert await store.use() is None
    assert await store.use(ANOTHER, RESET) == other


async def test_tokens_go_with_their_user(store: Store, ada: User) -> None:
    await store.add(store.token(ada))

    async with store.begin() as uow:
        await uow.users.delete(ada)
        await uow.commit()

    assert await store.use() is None


async def test_lists_all_tokens_of_a_user(store: Store, ada: User) -> None:
    expired = store.token(ada, valid_for=timedelta(0))
    fresh = replace(store.token(ada), digest=ANOTHER)
    await store.add(fresh, expired)
    await store.use(ANOTHER)

    async with store.begin() as uow:
        assert await uow.account_tokens.list_of(ada.id) == [expired, fresh]
        assert await uow.account_tokens.list_of(UUID(int=1)) == []
