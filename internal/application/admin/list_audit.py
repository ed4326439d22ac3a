from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from internal.application.administration import Actor
from internal.application.audited_action import AuditedAction
from internal.application.page_sizes import require_page_size
from internal.domain.email_address import EmailAddress, InvalidEmailAddress
from internal.domain.errors import InvalidInput
from internal.domain.role import Permission
from internal.domain.security_event import EventName
from internal.ports.security_event_log import EventFilter, EventPage, RecordedEvent, SecurityEventLog
from internal.ports.user_reader import UserReader

OPERATOR_PREFIX = "cli:"
LONGEST_ACTOR = 320  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAuditCommand:
    """`by`: the id or the address of a user, or `cli:<os user>@<host>`. Times have a zone."""

    actor: Actor
    by: str | None = None
    name: EventName | None = None
    since: datetime | None = None
    until: datetime | None = None
    size: int
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAudit:
    """`next` is the cursor of the next page, or None on the last page."""

    actions: Sequence[AuditedAction]
    next: str | None


class ListAudit:
    def __init__(self, *, users: UserReader, security_event_log: SecurityEventLog) -> None:
        self._users = users
        self._log = security_event_log

    async def __call__(self, command: ListAuditCommand) -> ListedAudit:
        """Return what operators did to tasks, the newest first.

        Raises:
            NotPermitted: the actor may not view security events.
            InvalidInput: the size is not within 1 to 100, `by` names nobody that can act, or the cursor is
                malformed.
        """
        command.actor.require(Permission.VIEW_SECURITY_EVENTS)
        require_page_size(command.size)
        page = await self._log.page(await self._filter_of(command), size=command.size, cursor=command.cursor)
        addresses = await self._addresses_of(page)
        actions = [AuditedAction(event=event, actor=_actor_of(event, addresses)) for event in page.events]
        return ListedAudit(actions=actions, next=page.next)

    async def _filter_of(self, command: ListAuditCommand) -> EventFilter:
        by = command.by
        is_operator = by is not None and by.startswith(OPERATOR_PREFIX)
        return EventFilter(
            only_on_tasks=True,
            name=command.name,
            actor_id=await self._user_id(by) if by is not None and not is_operator else None,
            operator=_checked(by) if by is not None and is_operator else None,
            since=command.since,
            until=command.until,
        )

    async def _user_id(self, by: str) -> UUID:
        """Raise InvalidInput unless `by` is an id or the address of a user."""
        try:
            return UUID(by)
        except ValueError:
            pass
        try:
            address = EmailAddress.parse(by)
        except InvalidEmailAddress as error:
            raise InvalidInput({"actor": ["is neither an address, an id nor cli:<user>@<host>"]}) from error
        user = await self._users.get_by_email(address)
        if user is None:
            raise InvalidInput({"actor": ["has no account"]})
        return user.id

    async def _addresses_of(self, page: EventPage) -> Mapping[UUID, str]:
        """The addresses of the users who acted and still have an account."""
        actors = {event.actor_id for event in page.events if event.actor_id}
        users = [await self._users.get(actor_id) for actor_id in actors]
        return {user.id: user.email.value for user in users if user}


def _checked(operator: str) -> str:
    if len(operator) > LONGEST_ACTOR or not operator.isprintable():
        raise InvalidInput({"actor": ["is not a name"]})
    return operator


def _actor_of(event: RecordedEvent, addresses: Mapping[UUID, str]) -> str:
    if event.actor_id is not None:
        return addresses.get(event.actor_id, str(event.actor_id))
    return event.operator or "unknown"
