"""Two admins that act on each other at the same time: one of them stays."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from internal.application.admin.change_role import ChangeRoleCommand
from internal.application.admin.disable_user import DisableUserCommand
from internal.application.admin.remove_user import RemoveUserCommand
from internal.application.administration import Actor
from internal.domain.errors import Conflict
from internal.domain.operator import Operator
from internal.domain.role import Role
from internal.domain.user import LastAdmin, User
from internal.infrastructure.bootstrap.container import Container
from internal.ports.user_directory import UserDirectory, UserFilter, UserState
from tests.support.accounts import NOBODY, stored_account

pytestmark = pytest.mark.anyio

ROUNDS = 10
Act = Callable[[Container, Actor, User], Awaitable[None]]


async def demote(container: Container, actor: Actor, user: User) -> None:
    command = ChangeRoleCommand(actor=actor, caller=NOBODY, user_id=user.id, role=Role.USER)
    await container.admin.change_role()(command)


async def disable(container: Container, actor: Actor, user: User) -> None:
    await container.admin.disable_user()(DisableUserCommand(actor=actor, caller=NOBODY, user_id=user.id))


async def remove(container: Container, actor: Actor, user: User) -> None:
    await container.admin.remove_user()(RemoveUserCommand(actor=actor, caller=NOBODY, user_id=user.id))


async def admins(container: Container) -> int:
    enabled = UserFilter(role=Role.ADMIN, state=UserState.ACTIVE)
    directory: UserDirectory = container.database.user_directory()
    return await directory.count(enabled, at_most=100)


@pytest.mark.parametrize("first", [demote, disable, remove])
@pytest.mark.parametrize("second", [demote, disable, remove])
async def test_one_of_two_admins_that_remove_each_other_stays(
    container: Container, first: Act, second: Act
) -> None:
    one = await stored_account(container, role=Role.ADMIN)
    for _ in range(ROUNDS):
        other = await stored_account(container, role=Role.ADMIN)
        outcomes = await asyncio.gather(
            first(container, one.user, other.user),
            second(container, other.user, one.user),
            return_exceptions=True,
        )

        assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [LastAdmin]
        assert await admins(container) == 1
        one = other if isinstance(outcomes[0], LastAdmin) else one


async def test_one_admin_stays_when_many_are_removed_at_once(container: Container) -> None:
    accounts = [await stored_account(container, role=Role.ADMIN) for _ in range(8)]
    pairs = list(permutations(accounts, 2))

    outcomes = await asyncio.gather(
        *(disable(container, actor.user, other.user) for actor, other in pairs), return_exceptions=True
    )

    # The others find that the user has just been changed.
    failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert all(isinstance(failure, Conflict) for failure in failures)
    assert await admins(container) == 1


async def test_an_admin_who_is_demoted_twice_at_once_is_demoted(container: Container) -> None:
    await stored_account(container, role=Role.ADMIN)
    other = await stored_account(container, role=Role.ADMIN)

    outcomes = await asyncio.gather(
        *(demote(container, Operator(), other.user) for _ in range(8)),
        return_exceptions=True,
    )

    assert all(outcome is None or isinstance(outcome, Conflict) for outcome in outcomes)
    assert await admins(container) == 1
