from uuid import UUID

from internal.domain.account_token import TokenPurpose
from internal.domain.user import User
from internal.ports.unit_of_work import UnitOfWork


async def replace_password(uow: UnitOfWork, user: User, *, keep: UUID | None = None) -> None:
    """Store the user with the new password, and end all sessions but `keep`.

    Links in emails that went out before do nothing more: somebody else may have asked for them. The unit of
    work must hold the user. A subscriber, SendPasswordChanged, tells the user.
    """
    await uow.users.save(user)
    await uow.sessions.end_all(user.id, but=keep)
    for purpose in (TokenPurpose.RESET_PASSWORD, TokenPurpose.CONFIRM_EMAIL):
        await uow.account_tokens.withdraw(user.id, purpose)
