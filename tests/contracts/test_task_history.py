from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.outbox.history import SqlAlchemyTaskHistory
from internal.infrastructure.database.tables import outbox
from internal.ports.task_history import TaskHistory
from tests.fakes.clock import FakeClock
from tests.fakes.task_history import FakeTaskHistory

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Store:
    """`add`: a task that ended so long ago, done, archived (False), or not at all (None)."""

    history: TaskHistory
    add: Callable[[str, bool | None, timedelta], Awaitable[None]]
    ids: Callable[[], Awaitable[set[str]]]


@pytest.fixture(params=["fake", "sqlalchemy"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        return fake_store()
    return sql_store(request.getfixturevalue("container"))


def fake_store() -> Store:
    clock = FakeClock()
    history = FakeTaskHistory(clock)

    async def add(task_id: str, succeeded: bool | None, ago: timedelta) -> None:  # noqa: FBT001 - as above
        if succeeded is None:
            history.open.add(task_id)
        else:
            (history.done if succeeded else history.archived)[task_id] = clock.now() - ago

    async def ids() -> set[str]:
        return {*history.open, *history.done, *history.archived}

    return Store(history, add, ids)


def sql_store(container: Container) -> Store:
    async def add(task_id: str, succeeded: bool | None, ago: timedelta) -> None:  # noqa: FBT001 - as above
        row: dict[str, Any] = {
            "id": task_id,
            "task_name": "test",
            "payload": {},
            "options": {},
            "succeeded": succeeded,
        }
        closed_at = None if succeeded is None else func.now() - ago
        async with container.database.engine().begin() as connection:
            await connection.execute(
                insert(outbox).values(
                    **row, closed_at=closed_at, created_at=func.now() - ago, next_try_at=func.now()
                )
            )

    async def ids() -> set[str]:
        async with container.database.engine().connect() as connection:
            return set((await connection.execute(select(outbox.c.id))).scalars())

    return Store(SqlAlchemyTaskHistory(container.database.engine()), add, ids)


async def test_forgets_what_ended_long_ago_and_nothing_else(store: Store) -> None:
    for task_id, succeeded, days in [
        ("done", True, 31),
        ("done lately", True, 29),
        ("archived", False, 92),
        ("archived lately", False, 31),
        ("open", None, 1000),
    ]:
        await store.add(task_id, succeeded, days * DAY)

    purged = await store.history.purge(done_for=30 * DAY, archived_for=91 * DAY, at_most=10)

    assert purged == 2
    assert await store.ids() == {"done lately", "archived lately", "open"}


async def test_forgets_no_more_than_it_was_told_and_the_oldest_first(store: Store) -> None:
    for days in range(31, 36):
        await store.add(f"{days}", True, days * DAY)  # noqa: FBT003 - a task that is done

    purged = await store.history.purge(done_for=30 * DAY, archived_for=91 * DAY, at_most=2)

    assert purged == 2
    assert await store.ids() == {"31", "32", "33"}
