from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Table, func, insert, select

from internal.domain.session import IDLE_FOR, LASTS_FOR
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import account_tokens, counted_log_ins, security_events, sessions
from internal.ports.account_history import COUNTED_FOR, AccountHistory
from tests.fakes.account_history import FakeAccountHistory

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
LITTLE = timedelta(minutes=1)


@dataclass(frozen=True)
class Kind:
    """One kind of entries: how to add one of this age, count them and purge them; and how long they stay."""

    add: Callable[[timedelta], Awaitable[None]]
    count: Callable[[], Awaitable[int]]
    purge: Callable[..., Awaitable[int]]
    stays: timedelta


@pytest.fixture(params=["sessions", "account_tokens", "security_events", "counted_log_ins"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["fake", "sqlalchemy"])
def kind(request: pytest.FixtureRequest, name: str, ada: User) -> Kind:
    if request.param == "fake":
        return fake_kind(name)
    return sql_kind(name, request.getfixturevalue("container"), ada)


def fake_kind(name: str) -> Kind:
    history = FakeAccountHistory()
    ages: list[timedelta] = getattr(history, name)

    async def add(age: timedelta) -> None:
        ages.append(age)

    async def count() -> int:
        return len(ages)

    return Kind(add, count, *purge_of(history, name))


def sql_kind(name: str, container: Container, user: User) -> Kind:
    kept = (sessions, account_tokens, security_events, counted_log_ins)
    tables: dict[str, Table] = {table.name: table for table in kept}

    async def add(age: timedelta) -> None:
        async with container.database.unit_of_work() as uow:
            if await uow.users.get(user.id) is None:
                await uow.users.add(user)
                await uow.commit()
        async with container.database.engine().begin() as connection:
            await connection.execute(insert(tables[name]).values(**row_of(name, age, user.id)))

    async def count() -> int:
        async with container.database.engine().connect() as connection:
            return await connection.scalar(select(func.count()).select_from(tables[name])) or 0

    return Kind(add, count, *purge_of(container.database.account_history(), name))


def row_of(name: str, age: timedelta, user_id: UUID) -> dict[str, Any]:
    moment = func.now() - age
    if name == "sessions":
        times = {"created_at": moment, "last_used_at": moment, "expires_at": moment + LASTS_FOR}
        return {"id": uuid4(), "user_id": user_id, "token_digest": b"digest", **times}
    if name == "account_tokens":
        return {
            "digest": uuid4().bytes,
            "purpose": "test",
            "user_id": user_id,
            "email": "",
            "expires_at": moment,
        }
    if name == "counted_log_ins":
        return {"event_id": uuid4(), "occurred_at": moment}
    return {"name": "test", "result": "success", "details": {}, "occurred_at": moment}


def purge_of(history: AccountHistory, name: str) -> tuple[Callable[..., Awaitable[int]], timedelta]:
    if name == "sessions":
        return history.purge_sessions, IDLE_FOR
    if name == "account_tokens":
        return history.purge_account_tokens, DAY
    if name == "counted_log_ins":
        return history.purge_counted_log_ins, COUNTED_FOR

    async def purge(*, at_most: int) -> int:
        return await history.purge_security_events(kept_for=30 * DAY, at_most=at_most)

    return purge, 30 * DAY


async def test_forgets_what_is_old_enough(kind: Kind) -> None:
    for age in (timedelta(0), kind.stays - LITTLE, kind.stays + LITTLE, 2 * kind.stays):
        await kind.add(age)

    assert await kind.purge(at_most=10) == 2

    assert await kind.count() == 2
    assert await kind.purge(at_most=10) == 0


async def test_forgets_no_more_at_once_than_it_is_told(kind: Kind) -> None:
    for _ in range(3):
        await kind.add(2 * kind.stays)

    assert [await kind.purge(at_most=2) for _ in range(3)] == [2, 1, 0]
