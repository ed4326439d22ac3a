"""Lists of users are read through indexes, however many users there are."""

import re
from typing import Any

import psycopg
import pytest

from internal.domain.role import Role
from internal.domain.search_words import words_of
from internal.infrastructure.bootstrap.container import Container
from internal.ports.user_directory import UserDirectory, UserFilter, UserOrder, UserState
from tests.support.outbox_rows import statements

pytestmark = pytest.mark.anyio

FILL = """
INSERT INTO users (id, email, name, password_hash, created_at, updated_at, role, disabled_at, verified_at)
SELECT gen_random_uuid(), 'user' || n || '@example.com', 'Ada ' || md5(n::text), 'hash',
       now() - n * interval '1 s', now(), CASE WHEN n % 5000 = 0 THEN 'admin' ELSE 'user' END,
       CASE WHEN n % 5000 = 1 THEN now() END, CASE WHEN n % 5000 <> 2 THEN now() END
FROM generate_series(1, 20000) n
"""
RARE = [
    UserFilter(role=Role.ADMIN),
    UserFilter(state=UserState.DISABLED),
    UserFilter(state=UserState.UNVERIFIED),
    UserFilter(words=words_of("user777")),
]


@pytest.fixture
async def directory(container: Container, database_url: str) -> UserDirectory:
    with psycopg.connect(database_url, autocommit=True) as filling:
        filling.execute(FILL)
        filling.execute("VACUUM ANALYZE users")
    directory: UserDirectory = container.database.user_directory()
    return directory


async def plans(container: Container, executed: list[tuple[str, Any]]) -> str:
    """The plans of the statements, with the settings that some of them make."""
    found = ""
    async with container.database.engine().connect() as connection:
        for statement, parameters in executed:
            if "set_config" in statement:
                await connection.exec_driver_sql(statement)
                continue
            explained = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            found += "\n".join(explained.scalars().all())
            await connection.rollback()
    return found


@pytest.mark.parametrize("order", UserOrder)
async def test_a_page_reads_no_more_users_than_it_has(
    container: Container, directory: UserDirectory, order: UserOrder
) -> None:
    with statements(container) as executed:
        first = await directory.page(UserFilter(), order=order, size=10)
        await directory.page(UserFilter(), order=order, size=10, cursor=first.next)

    found = await plans(container, executed)
    assert "Seq Scan" not in found
    # Addresses are unique, so their index has no id; a sort of equal addresses sorts nothing.
    assert not re.search(r"(?<!Incremental )Sort  \(", found)


@pytest.mark.parametrize("order", [UserOrder.NEWEST_FIRST, UserOrder.BY_NAME])
@pytest.mark.parametrize("wanted", RARE, ids=str)
async def test_the_few_users_of_a_kind_are_found_through_an_index(
    container: Container, directory: UserDirectory, wanted: UserFilter, order: UserOrder
) -> None:
    with statements(container) as executed:
        page = await directory.page(wanted, order=order, size=20)
        counted = await directory.count(wanted, at_most=1000)

    assert 1 <= len(page.users) == counted <= 12
    # A search first looks at the next users in order.
    found = await plans(container, executed[1:] if wanted.words else executed)
    assert "Seq Scan" not in found
    assert "lower_name" not in found


async def test_a_frequent_word_is_found_among_the_next_users(
    container: Container, directory: UserDirectory
) -> None:
    frequent = UserFilter(words=words_of("ada example"))

    with statements(container) as executed:
        page = await directory.page(frequent, order=UserOrder.NEWEST_FIRST, size=10)

    assert len(page.users) == 10
    assert len(executed) == 1
