from dataclasses import replace
from uuid import uuid4

import pytest

from internal.application.admin.create_user import CreateUser, CreateUserCommand
from internal.application.new_password import CommonPassword
from internal.domain.errors import InvalidInput, NotPermitted
from internal.domain.operator import Operator
from internal.domain.role import Role
from internal.domain.security_event import EventName
from internal.domain.user import EmailAlreadyRegistered
from tests.fakes.password_checker import COMMON
from tests.fakes.password_hasher import FakePasswordHasher
from tests.support.administration import CALLER, Office
from tests.support.new_password import new_password

pytestmark = pytest.mark.anyio

GRACE = CreateUserCommand(
    actor=Operator(),
    caller=CALLER,
    email="Grace@Example.com",
    name="Grace",
    password="correct horse",
    role=Role.ADMIN,
)


class Creation(Office):
    def __init__(self) -> None:
        super().__init__()
        self.hasher = FakePasswordHasher()
        self.create_user = CreateUser(
            uow=self.uow, new_password=new_password(hasher=self.hasher), clock=self.clock, new_id=uuid4
        )


@pytest.fixture
def creation() -> Creation:
    return Creation()


async def test_stores_a_verified_user_with_a_role(creation: Creation) -> None:
    user = await creation.create_user(GRACE)

    assert creation.stored(user) == user
    assert (user.email.value, user.role, user.verified_at) == (
        "grace@example.com",
        Role.ADMIN,
        creation.clock.now(),
    )
    assert await creation.hasher.verify("correct horse", user.password_hash)
    assert creation.events == [(EventName.ADMIN_USER_CREATED, None, user.id)]


async def test_sends_no_mail(creation: Creation) -> None:
    await creation.create_user(GRACE)

    assert creation.uow.published == []


async def test_refuses_a_taken_address_before_it_hashes(creation: Creation) -> None:
    await creation.create_user(GRACE)
    creation.hasher.hashed.clear()

    with pytest.raises(EmailAlreadyRegistered):
        await creation.create_user(GRACE)

    assert creation.hasher.hashed == []


async def test_names_every_invalid_field(creation: Creation) -> None:
    with pytest.raises(InvalidInput) as refused:
        await creation.create_user(replace(GRACE, email="x", name="", password="short"))

    assert refused.value.errors.keys() == {"email", "name", "password"}


async def test_refuses_a_common_password(creation: Creation) -> None:
    with pytest.raises(CommonPassword):
        await creation.create_user(replace(GRACE, password=COMMON))


async def test_only_admins_create_users(creation: Creation) -> None:
    with pytest.raises(NotPermitted):
        await creation.create_user(replace(GRACE, actor=creation.subject))
