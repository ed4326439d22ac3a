from collections.abc import Iterator

import pytest

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from tests.support.accounts import Account, stored_account
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
