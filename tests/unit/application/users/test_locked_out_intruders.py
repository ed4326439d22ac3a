"""The owner sets a new password while an intruder's request, with the old one, is being checked."""

from collections.abc import Awaitable, Callable

import pytest

from internal.application.users.change_password import ChangePassword, ChangePasswordCommand
from internal.application.users.delete_account import DeleteAccount, DeleteAccountCommand
from internal.application.users.request_email_change import RequestEmailChange, RequestEmailChangeCommand
from internal.domain.user import User, UserChanged
from internal.ports.password_hasher import Match
from tests.support.callers import CALLER
from tests.support.own_accounts import PASSWORD, FakeOwnAccounts

pytestmark = pytest.mark.anyio

Act = Callable[[FakeOwnAccounts], Awaitable[None]]


async def change_password(accounts: FakeOwnAccounts) -> None:
    use_case = ChangePassword(
        uow=accounts.uow,
        confirm_password=accounts.confirm_password,
        new_password=accounts.new_password,
        clock=accounts.clock,
    )
    await use_case(
        ChangePasswordCommand(
            principal=accounts.principal,
            current_password=PASSWORD,
            new_password="battery staple",
            caller=CALLER,
        )
    )


async def change_email(accounts: FakeOwnAccounts) -> None:
    use_case = RequestEmailChange(
        uow=accounts.uow,
        confirm_password=accounts.confirm_password,
        rate_limiter=accounts.limiter,
        clock=accounts.clock,
    )
    await use_case(
        RequestEmailChangeCommand(
            principal=accounts.principal, email="eve@example.com", password=PASSWORD, caller=CALLER
        )
    )


async def delete_account(accounts: FakeOwnAccounts) -> None:
    use_case = DeleteAccount(
        uow=accounts.uow, confirm_password=accounts.confirm_password, clock=accounts.clock
    )
    await use_case(DeleteAccountCommand(principal=accounts.principal, password=PASSWORD, caller=CALLER))


@pytest.mark.parametrize("act", [change_password, change_email, delete_account])
async def test_an_old_password_that_was_being_checked_changes_nothing(
    ada: User, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = FakeOwnAccounts(ada)
    changed = accounts.ada.change_password("new hash", now=accounts.clock.now())

    async def verify(*_: object, **__: object) -> Match:
        accounts.uow.users.by_id[ada.id] = changed
        return Match.YES

    monkeypatch.setattr(accounts.hasher, "verify", verify)

    with pytest.raises(UserChanged):
        await act(accounts)

    assert (accounts.stored, accounts.events, accounts.tasks) == (changed, [], [])
