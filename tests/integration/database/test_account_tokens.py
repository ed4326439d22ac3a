"""Two tokens of one user never wait for each other: the row of the user decides who is first."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from internal.domain.account_token import AccountToken, TokenPurpose
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container

pytestmark = pytest.mark.anyio

RESET = TokenPurpose.RESET_PASSWORD
DIGEST, ANOTHER = b"1" * 32, b"2" * 32


async def store(container: Container, user: User) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.users.add(user)
        for digest in (DIGEST, ANOTHER):
            token = AccountToken(
                digest=digest,
                purpose=RESET,
                user_id=user.id,
                email=user.email.value,
                expires_at=datetime.now(UTC) + timedelta(hours=1),
            )
            await uow.account_tokens.add(token)
        await uow.commit()


async def use(container: Container, digest: bytes) -> AccountToken | None:
    async with container.database.unit_of_work() as uow:
        token: AccountToken | None = await uow.account_tokens.use(digest, RESET)
    return token


async def test_a_token_waits_for_another_one_of_its_user_and_may_be_withdrawn_by_then(
    container: Container, ada: User
) -> None:
    await store(container, ada)

    async with container.database.unit_of_work() as uow:
        assert await uow.account_tokens.use(DIGEST, RESET)
        later = asyncio.create_task(use(container, ANOTHER))
        await asyncio.sleep(0.2)
        assert not later.done()
        await uow.account_tokens.withdraw(ada.id, RESET)
        await uow.commit()

    assert await later is None


async def test_a_withdrawal_waits_for_a_token_of_the_user(container: Container, ada: User) -> None:
    await store(container, ada)

    async def withdraw() -> None:
        async with container.database.unit_of_work() as uow:
            await uow.account_tokens.withdraw(ada.id, RESET)
            await uow.commit()

    async with container.database.unit_of_work() as uow:
        assert await uow.account_tokens.use(ANOTHER, RESET)
        later = asyncio.create_task(withdraw())
        await asyncio.sleep(0.2)
        # It holds no token that this transaction needs.
        await uow.account_tokens.withdraw(ada.id, RESET)
        await uow.commit()

    await later
    assert await use(container, DIGEST) is None
