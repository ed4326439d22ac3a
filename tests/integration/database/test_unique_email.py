import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from internal.domain.user import EmailAlreadyRegistered, User
from internal.infrastructure.bootstrap.container import Container

pytestmark = pytest.mark.anyio


async def add(container: Container, user: User) -> None:
    async with container.unit_of_work() as uow:
        await uow.users.add(user)
        await uow.commit()


async def test_of_many_sign_ups_at_once_with_one_email_one_wins(container: Container, ada: User) -> None:
    namesakes = [replace(ada, id=uuid4()) for _ in range(50)]

    outcomes = await asyncio.gather(
        *(add(container, namesake) for namesake in namesakes), return_exceptions=True
    )

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, EmailAlreadyRegistered) for outcome in outcomes) == 49
