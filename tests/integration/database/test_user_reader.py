import psycopg
import pytest

from internal.infrastructure.bootstrap.container import Container
from tests.support.outbox_rows import statements

pytestmark = pytest.mark.anyio

FILL = """
INSERT INTO users (id, email, name, password_hash, created_at, updated_at)
SELECT gen_random_uuid(), n || '@example.com', 'Ada',
       '$argon2id$v=19$m=' || n % 3 || ',t=1,p=1$salt$' || md5(n::text), now(), now()
FROM generate_series(1, 20000) n
"""


async def test_lists_the_costs_of_stored_hashes_without_reading_every_user(
    container: Container, database_url: str
) -> None:
    with psycopg.connect(database_url) as filling:
        filling.execute(FILL)
        filling.execute("ANALYZE users")

    with statements(container) as executed:
        costs = await container.database.user_reader().password_costs()

    assert len(costs) == 3
    [(statement, parameters)] = executed
    async with container.database.engine().connect() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)).scalars().all()
    assert "Seq Scan" not in "\n".join(plan)
