from internal.domain.user import User, UserChanged
from internal.ports.unit_of_work import UnitOfWork


async def hold_signed_in(uow: UnitOfWork, user: User) -> User:
    """Return a user who signed in, as stored now. Nobody else can change it before the unit of work ends.

    Raises:
        UserChanged: the account was deleted, or its sessions were ended, since the user was read. A password
            that was checked since then may be an old one, and the caller an intruder who was locked out.
    """
    held = await uow.users.hold(user.id)
    if held is None or held.sessions_valid_from != user.sessions_valid_from:
        raise UserChanged
    return held


async def hold_unless_last_admin(uow: UnitOfWork, user: User) -> User | None:
    """Hold a user who is about to lose the account or the role. Returns None if there is no such user.

    Raises:
        LastAdmin: nobody else is an enabled admin.
        UserChanged: the user became an admin after the read.
    """
    # It holds the admins and the user in one order. To hold the user before that would break the order.
    if user.is_active_admin:
        await uow.users.require_other_admin(user)
    held = await uow.users.hold(user.id)
    if held and held.is_active_admin and not user.is_active_admin:
        raise UserChanged
    return held
