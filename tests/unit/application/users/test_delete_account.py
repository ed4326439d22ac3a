from dataclasses import replace
from uuid import uuid4

import pytest

from internal.application.users.delete_account import DeleteAccount, DeleteAccountCommand
from internal.domain.email_address import EmailAddress
from internal.domain.role import Role
from internal.domain.security_event import EventName
from internal.domain.user import LastAdmin, User, WrongPassword
from tests.support.callers import CALLER
from tests.support.own_accounts import PASSWORD, FakeOwnAccounts

pytestmark = pytest.mark.anyio


async def delete(accounts: FakeOwnAccounts, *, password: str = PASSWORD) -> None:
    use_case = DeleteAccount(
        uow=accounts.uow, confirm_password=accounts.confirm_password, clock=accounts.clock
    )
    await use_case(DeleteAccountCommand(principal=accounts.principal, password=password, caller=CALLER))


async def test_deletes_the_user_and_the_sessions(ada: User) -> None:
    accounts = FakeOwnAccounts(ada)
    await accounts.open_session()

    await delete(accounts)

    assert (accounts.uow.users.by_id, accounts.uow.sessions.by_id) == ({}, {})
    assert accounts.events == [EventName.DELETED]


async def test_a_repetition_changes_nothing(ada: User) -> None:
    accounts = FakeOwnAccounts(ada)
    await delete(accounts)

    await delete(accounts)

    assert accounts.events == [EventName.DELETED]


async def test_asks_for_the_password(ada: User) -> None:
    accounts = FakeOwnAccounts(ada)

    with pytest.raises(WrongPassword):
        await delete(accounts, password="wrong horse")

    assert accounts.stored == accounts.ada


async def test_the_last_admin_stays(ada: User) -> None:
    accounts = FakeOwnAccounts(replace(ada, role=Role.ADMIN))

    with pytest.raises(LastAdmin):
        await delete(accounts)

    assert accounts.stored == accounts.ada
    assert accounts.events == []


async def test_one_of_two_admins_may_go(ada: User) -> None:
    accounts = FakeOwnAccounts(replace(ada, role=Role.ADMIN))
    other = replace(accounts.ada, id=uuid4(), email=EmailAddress.parse("eve@example.com"))
    accounts.uow.users.by_id[other.id] = other

    await delete(accounts)

    assert accounts.uow.users.by_id == {other.id: other}
