import asyncio
from collections.abc import Iterator

import pytest

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.taskqueue.connections.connection import pool_of
from internal.infrastructure.taskqueue.scheduling.periodic import validate_schedule
from internal.infrastructure.taskqueue.scheduling.scheduler import Scheduler
from internal.infrastructure.worker.schedule import SCHEDULE
from tests.support.accounts import Account, stored_account
from tests.support.schedulers import PREFIX, scheduling
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import engine_on


@pytest.fixture
def desk(redis_url: str) -> Iterator[Desk]:
    """Puts tasks into the Redis of the application."""
    with engine_on(redis_url) as engine:
        yield Desk(engine)


@pytest.fixture
async def admin(container: Container) -> Account:
    return await stored_account(container, role=Role.ADMIN)


@pytest.fixture
async def viewer(container: Container) -> Account:
    return await stored_account(container, role=Role.VIEWER)


@pytest.fixture
async def announced(container: Container, redis_url: str) -> None:
    """The periodic tasks of this version, as a worker announces them."""
    publisher = container.taskqueue().publisher()
    entries = validate_schedule(SCHEDULE, encoder=publisher)
    scheduler = Scheduler(entries, encoder=publisher, pool=pool_of(redis_url), namespace=PREFIX)
    async with asyncio.timeout(10), scheduling(scheduler):
        while not await container.inspection().tasks().schedules():  # noqa: ASYNC110 - Redis sends no event
            await asyncio.sleep(0.05)
