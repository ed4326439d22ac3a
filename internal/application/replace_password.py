from uuid import UUID

from internal.application.tasks.send_password_changed import SendPasswordChanged
from internal.domain.account_token import TokenPurpose
from internal.domain.user import User
from internal.ports.unit_of_work import UnitOfWork


async def replace_password(uow: UnitOfWork, user: User, *, keep: UUID | None = None) -> None:
    """Store the user with the new password. End all sessions but `keep`, and tell the user by email.

    Links in emails that went out before do nothing more: somebody else may have asked for them. The unit of
    work must hold the user.
    """
    await uow.users.save(user)
    await uow.sessions.end_all(user.id, but=keep)
    for purpose in (TokenPurpose.RESET_PASSWORD, TokenPurpose.CONFIRM_EMAIL):
        await uow.account_tokens.withdraw(user.id, purpose)
    await uow.tasks.publish(
        SendPasswordChanged(
            user_id=user.id, email=user.email.value, name=user.name.value, changed_at=user.updated_at
        )
    )
