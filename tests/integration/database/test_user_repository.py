import asyncio
import traceback
from dataclasses import replace
from uuid import uuid4

import pytest
from psycopg import IntegrityError

from internal.domain.email_address import EmailAddress
from internal.domain.user import EmailAlreadyRegistered, User
from internal.infrastructure.bootstrap.container import Container

pytestmark = pytest.mark.anyio


async def add(container: Container, user: User) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.users.add(user)
        await uow.commit()


async def test_one_of_many_parallel_sign_ups_with_one_email_wins(container: Container, ada: User) -> None:
    namesakes = [replace(ada, id=uuid4()) for _ in range(50)]

    outcomes = await asyncio.gather(
        *(add(container, namesake) for namesake in namesakes), return_exceptions=True
    )

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, EmailAlreadyRegistered) for outcome in outcomes) == 49


async def test_an_error_of_the_database_shows_no_personal_data(container: Container, ada: User) -> None:
    await add(container, ada)
    same_id = replace(ada, email=EmailAddress.parse("eve@example.com"))

    with pytest.raises(IntegrityError) as refused:
        await add(container, same_id)

    assert "eve@example.com" not in "".join(traceback.format_exception(refused.value))
