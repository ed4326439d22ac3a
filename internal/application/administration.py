"""What the use cases of administrators share."""

from dataclasses import dataclass
from uuid import UUID

from internal.application.hold_user import hold_unless_last_admin
from internal.domain.caller import Caller
from internal.domain.operator import Operator, OwnAccount
from internal.domain.role import Permission
from internal.domain.security_event import EventName, SecurityEvent
from internal.domain.user import User, UserNotFound
from internal.ports.unit_of_work import UnitOfWork

Actor = User | Operator


def event_of(
    name: EventName, *, actor: Actor, subject_id: UUID, caller: Caller, **details: str
) -> SecurityEvent:
    source = {"source": "cli"} if isinstance(actor, Operator) else {}
    return SecurityEvent(
        name=name,
        actor_id=actor.id,
        subject_id=subject_id,
        caller=caller,
        operator=operator_name(actor),
        details={**details, **source},
    )


def operator_name(actor: Actor) -> str | None:
    return actor.name if isinstance(actor, Operator) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministerUserCommand:
    """An action on the account of one user."""

    actor: Actor
    caller: Caller
    user_id: UUID

    def require_right(self) -> None:
        """Raise NotPermitted unless the actor may change users."""
        self.actor.require(Permission.MANAGE_USERS)

    def require_other_account(self) -> None:
        """Raise OwnAccount if the actor would act on their own account."""
        if self.actor.id == self.user_id:
            raise OwnAccount

    async def subject_in(self, uow: UnitOfWork) -> User:
        """Return the user that the action is about. Nobody else can change it before the unit of work ends.

        Raises UserNotFound.
        """
        user = await uow.users.hold(self.user_id)
        if user is None:
            raise UserNotFound
        return user

    async def dispensable_subject_in(self, uow: UnitOfWork) -> User:
        """As subject_in, for an action that takes a user's rights. Also raises LastAdmin or UserChanged."""
        user = await uow.users.get(self.user_id)
        held = await hold_unless_last_admin(uow, user) if user else None
        if held is None:
            raise UserNotFound
        return held

    def event(self, name: EventName, **details: str) -> SecurityEvent:
        return event_of(name, actor=self.actor, subject_id=self.user_id, caller=self.caller, **details)
