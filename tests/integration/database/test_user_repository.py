import asyncio
import traceback
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from internal.domain.email_address import EmailAddress
from internal.domain.user import EmailAlreadyRegistered, User
from internal.infrastructure.bootstrap.container import Container
from tests.support.outbox_rows import statements

pytestmark = pytest.mark.anyio

FILL = """
INSERT INTO users (id, email, name, password_hash, created_at, updated_at)
SELECT gen_random_uuid(), n || '@example.com', 'Ada',
       '$argon2id$v=19$m=' || n % 3 || ',t=1,p=1$salt$' || md5(n::text), now(), now()
FROM generate_series(1, 20000) n
"""


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


async def test_lists_the_costs_of_stored_hashes_without_reading_every_user(
    container: Container, database_url: str
) -> None:
    with psycopg.connect(database_url) as filling:
        filling.execute(FILL)
        filling.execute("ANALYZE users")

    async with container.database.unit_of_work() as uow:
        with statements(container) as executed:
            costs = await uow.users.password_costs()

    assert len(costs) == 3
    [(statement, parameters)] = executed
    async with container.database.engine().connect() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)).scalars().all()
    assert "Seq Scan" not in "\n".join(plan)
