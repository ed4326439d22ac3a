from datetime import datetime

from internal.domain.security_event import SecurityEvent
from internal.domain.user import User
from internal.ports.unit_of_work import UnitOfWork


async def erase_account(uow: UnitOfWork, user: User, event: SecurityEvent, *, now: datetime) -> None:
    """Delete a user with everything that belongs to the account, and record it.

    The subscriber EraseTraces removes the copies elsewhere, soon after the commit. The unit of work must
    hold the user.
    """
    await uow.users.delete(user.delete(now=now))
    await uow.security_events.add(event)
    await uow.user_tasks.erase(user.id)
