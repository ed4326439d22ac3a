"""Who may act on whom: the rules that all actions of administrators share."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from internal.application.admin.change_role import ChangeRole, ChangeRoleCommand
from internal.application.admin.disable_user import DisableUser, DisableUserCommand
from internal.application.admin.enable_user import EnableUser, EnableUserCommand
from internal.application.admin.remove_user import RemoveUser, RemoveUserCommand
from internal.application.admin.rename_user import RenameUser, RenameUserCommand
from internal.application.admin.revoke_sessions import RevokeSessions, RevokeSessionsCommand
from internal.application.admin.start_password_reset import (
    StartPasswordReset,
    StartPasswordResetCommand,
)
from internal.application.administration import Actor
from internal.domain.errors import NotPermitted
from internal.domain.operator import Operator, OwnAccount
from internal.domain.role import Role
from internal.domain.user import LastAdmin, UserNotFound
from tests.support.administration import CALLER, Office

pytestmark = pytest.mark.anyio

Act = Callable[[Office, Actor, UUID], Awaitable[object]]


def rename(office: Office, actor: Actor, user_id: UUID) -> Awaitable[object]:
    command = RenameUserCommand(actor=actor, caller=CALLER, user_id=user_id, name="Ada King")
    return RenameUser(uow=office.uow, clock=office.clock)(command)


def demote(office: Office, actor: Actor, user_id: UUID) -> Awaitable[object]:
    command = ChangeRoleCommand(actor=actor, caller=CALLER, user_id=user_id, role=Role.VIEWER)
    return ChangeRole(uow=office.uow, clock=office.clock)(command)


def disable(office: Office, actor: Actor, user_id: UUID) -> Awaitable[object]:
    command = DisableUserCommand(actor=actor, caller=CALLER, user_id=user_id)
    return DisableUser(uow=office.uow, clock=office.clock)(command)


def enable(office: Office, actor: Actor, user_id: UUID) -> Awaitable[object]:
    command = EnableUserCommand(actor=actor, caller=CALLER, user_id=user_id)
    return EnableUser(uow=office.uow, clock=office.clock)(command)


def revoke(office: Office, actor: Actor, user_id: UUID) -> Awaitable[object]:
    command = RevokeSessionsCommand(actor=actor, caller=CALLER, user_id=user_id)
    return RevokeSessions(uow=office.uow, clock=office.clock)(command)


def remove(office: Office, actor: Actor, user_id: UUID) -> Awaitable[object]:
    command = RemoveUserCommand(actor=actor, caller=CALLER, user_id=user_id)
    return RemoveUser(uow=office.uow, clock=office.clock)(command)


def reset(office: Office, actor: Actor, user_id: UUID) -> Awaitable[object]:
    command = StartPasswordResetCommand(actor=actor, caller=CALLER, user_id=user_id)
    return StartPasswordReset(uow=office.uow, clock=office.clock)(command)


ACTIONS = [rename, demote, disable, enable, revoke, reset, remove]
LOCKING = [demote, disable, remove]


def outcome_of(office: Office) -> Any:
    return dict(office.uow.users.by_id), office.events


@pytest.mark.parametrize("act", ACTIONS)
@pytest.mark.parametrize("role", [Role.USER, Role.VIEWER])
async def test_only_admins_act(office: Office, act: Act, role: Role) -> None:
    actor = office.add(role=role)
    before = outcome_of(office)

    with pytest.raises(NotPermitted):
        await act(office, actor, office.subject.id)

    assert outcome_of(office) == before


@pytest.mark.parametrize("act", ACTIONS)
async def test_there_must_be_such_a_user(office: Office, act: Act) -> None:
    with pytest.raises(UserNotFound):
        await act(office, office.admin, uuid4())


@pytest.mark.parametrize("act", LOCKING)
async def test_admins_cannot_lock_themselves_out(office: Office, act: Act) -> None:
    office.add(role=Role.ADMIN)

    with pytest.raises(OwnAccount):
        await act(office, office.admin, office.admin.id)

    assert office.stored(office.admin) == office.admin


@pytest.mark.parametrize("act", LOCKING)
async def test_the_operator_cannot_remove_the_last_enabled_admin(office: Office, act: Act) -> None:
    office.add(role=Role.ADMIN, disabled_at=office.clock.now())

    with pytest.raises(LastAdmin):
        await act(office, Operator(), office.admin.id)

    assert office.stored(office.admin) == office.admin


@pytest.mark.parametrize("act", LOCKING)
async def test_one_of_two_admins_may_go(office: Office, act: Act) -> None:
    other = office.add(role=Role.ADMIN)

    await act(office, office.admin, other.id)

    assert office.stored(other) != other


@pytest.mark.parametrize("act", LOCKING)
async def test_an_admin_who_is_disabled_may_go(office: Office, act: Act) -> None:
    disabled = office.add(role=Role.ADMIN, disabled_at=office.clock.now())

    await act(office, Operator(), disabled.id)


@pytest.mark.parametrize("act", [rename, demote, disable, revoke, reset, remove])
async def test_records_who_did_it_to_whom(office: Office, act: Act) -> None:
    await act(office, office.admin, office.subject.id)
    if act is not remove:
        await act(office, Operator(), office.add().id)

    first, *others = office.uow.security_events.recorded
    assert (first.actor_id, first.subject_id) == (office.admin.id, office.subject.id)
    assert first.caller == CALLER
    assert "source" not in first.details
    assert [(event.actor_id, event.details["source"]) for event in others] == [(None, "cli")] * len(others)
