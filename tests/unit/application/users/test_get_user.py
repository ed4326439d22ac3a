from uuid import uuid4

import pytest

from internal.application.users.get_user import GetUser, GetUserQuery
from internal.domain.user import User, UserNotFound
from tests.fakes.unit_of_work import FakeUnitOfWork

pytestmark = pytest.mark.anyio


async def test_finds_a_user(ada: User) -> None:
    uow = FakeUnitOfWork()
    uow.users.by_id[ada.id] = ada

    found = await GetUser(uow=uow)(GetUserQuery(user_id=ada.id))

    assert found == ada


async def test_says_that_there_is_no_such_user() -> None:
    get_user = GetUser(uow=FakeUnitOfWork())

    with pytest.raises(UserNotFound):
        await get_user(GetUserQuery(user_id=uuid4()))
