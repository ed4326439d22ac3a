"""What each action of administrators does."""

from datetime import timedelta

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
    UserDisabled,
)
from internal.application.admin.view_sessions import ViewSessions, ViewSessionsCommand
from internal.application.admin.view_user import ViewUser, ViewUserCommand
from internal.application.tasks.send_password_reset import SendPasswordReset
from internal.domain.display_name import InvalidDisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.errors import NotPermitted
from internal.domain.role import Role
from internal.domain.security_event import EventName
from internal.domain.user import UserNotFound
from tests.support.administration import CALLER, Office

pytestmark = pytest.mark.anyio


async def test_renames_a_user(office: Office) -> None:
    rename_user = RenameUser(uow=office.uow, clock=office.clock)
    office.clock.advance(timedelta(hours=1))

    renamed = await rename_user(
        RenameUserCommand(actor=office.admin, caller=CALLER, user_id=office.subject.id, name=" Ada King ")
    )

    assert office.stored(office.subject) == renamed
    assert (renamed.name.value, renamed.updated_at) == ("Ada King", office.clock.now())
    with pytest.raises(InvalidDisplayName):
        await rename_user(
            RenameUserCommand(actor=office.admin, caller=CALLER, user_id=office.subject.id, name="\0")
        )


async def test_gives_another_role(office: Office) -> None:
    change_role = ChangeRole(uow=office.uow, clock=office.clock)
    command = ChangeRoleCommand(actor=office.admin, caller=CALLER, user_id=office.subject.id, role=Role.ADMIN)

    promoted = await change_role(command)
    again = await change_role(command)

    assert office.stored(office.subject) == promoted == again
    assert promoted.role is Role.ADMIN
    [event] = office.uow.security_events.recorded
    assert (event.name, event.details) == (EventName.ADMIN_ROLE_CHANGED, {"before": "user", "role": "admin"})


async def test_disables_a_user_once(office: Office) -> None:
    await office.log_in(office.subject)
    disable_user = DisableUser(uow=office.uow, clock=office.clock)
    command = DisableUserCommand(actor=office.admin, caller=CALLER, user_id=office.subject.id)

    disabled = await disable_user(command)
    again = await disable_user(command)

    assert office.stored(office.subject) == disabled == again
    assert not disabled.is_active
    assert disabled.sessions_valid_from == office.clock.now()
    assert await office.uow.sessions.list_of(office.subject.id) == []
    assert [name for name, *_ in office.events] == [EventName.ADMIN_USER_DISABLED]


async def test_enables_a_user_once(office: Office) -> None:
    disabled = office.add(disabled_at=office.clock.now())
    enable_user = EnableUser(uow=office.uow, clock=office.clock)
    command = EnableUserCommand(actor=office.admin, caller=CALLER, user_id=disabled.id)

    enabled = await enable_user(command)
    again = await enable_user(command)

    assert office.stored(disabled) == enabled == again
    assert enabled.is_active
    assert [name for name, *_ in office.events] == [EventName.ADMIN_USER_ENABLED]


async def test_ends_the_sessions_of_the_user_alone(office: Office) -> None:
    for user in (office.subject, office.subject, office.admin):
        await office.log_in(user)

    ended = await RevokeSessions(uow=office.uow, clock=office.clock)(
        RevokeSessionsCommand(actor=office.admin, caller=CALLER, user_id=office.subject.id)
    )

    assert ended == 2
    assert await office.uow.sessions.list_of(office.subject.id) == []
    assert len(await office.uow.sessions.list_of(office.admin.id)) == 1
    stored = office.stored(office.subject)
    assert stored is not None
    assert stored.sessions_valid_from == office.clock.now()


async def test_deletes_a_user_with_their_sessions(office: Office) -> None:
    await office.log_in(office.subject)

    await RemoveUser(uow=office.uow, clock=office.clock)(
        RemoveUserCommand(actor=office.admin, caller=CALLER, user_id=office.subject.id)
    )

    assert office.stored(office.subject) is None
    assert await office.uow.sessions.list_of(office.subject.id) == []


async def test_publishes_the_reset_of_a_password(office: Office) -> None:
    start_password_reset = StartPasswordReset(uow=office.uow, clock=office.clock)
    disabled = office.add(disabled_at=office.clock.now())

    await start_password_reset(
        StartPasswordResetCommand(actor=office.admin, caller=CALLER, user_id=office.subject.id)
    )
    with pytest.raises(UserDisabled):
        await start_password_reset(
            StartPasswordResetCommand(actor=office.admin, caller=CALLER, user_id=disabled.id)
        )

    [published] = office.uow.published
    assert published.task == SendPasswordReset(email=office.subject.email.value)
    assert office.stored(office.subject) == office.subject


async def test_viewers_see_users_but_not_their_sessions(office: Office) -> None:
    viewer = office.add(role=Role.VIEWER)
    view = ViewUser(uow=office.uow)

    assert await view(ViewUserCommand(actor=viewer, user=office.subject.id)) == office.subject
    assert await view(ViewUserCommand(actor=viewer, user=office.subject.email)) == office.subject
    with pytest.raises(UserNotFound):
        await view(ViewUserCommand(actor=viewer, user=EmailAddress.parse("nobody@example.com")))
    with pytest.raises(NotPermitted):
        await view(ViewUserCommand(actor=office.subject, user=office.subject.id))
    with pytest.raises(NotPermitted):
        await ViewSessions(uow=office.uow)(ViewSessionsCommand(actor=viewer, user_id=viewer.id))


async def test_admins_see_sessions(office: Office) -> None:
    await office.log_in(office.subject)

    [session] = await ViewSessions(uow=office.uow)(
        ViewSessionsCommand(actor=office.admin, user_id=office.subject.id)
    )

    assert session.user_id == office.subject.id
