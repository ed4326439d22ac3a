"""What the query of the audit page asks for. An empty field of its form means nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Request
from litestar.di import NamedDependency

from internal.application.admin.list_audit import ListAuditCommand
from internal.application.audited_action import ACTIONS
from internal.application.auth.authenticate import Principal
from internal.domain.errors import InvalidInput
from internal.domain.security_event import EventName
from internal.infrastructure.http.dashboard.utc_time import utc_time

_FILTERS = ("actor", "action", "from", "to")
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """`given`: the filters as they were given."""

    command: ListAuditCommand
    given: Mapping[str, str] = field(default_factory=dict)

    def address(self, path: str, **changes: str | None) -> str:
        """The address of `path` with these filters and changes. None takes a filter away."""
        query = {name: value for name, value in {**self.given, **changes}.items() if value}
        return f"{path}?{urlencode(query)}" if query else path


async def provide_audit_query(
    request: Request[Any, Any, Any], principal: NamedDependency[Principal]
) -> AuditQuery:
    """Raises InvalidInput."""
    given = {name: text for name in _FILTERS if (text := request.query_params.get(name, "").strip())}
    command = ListAuditCommand(
        actor=principal.user,
        by=given.get("actor"),
        name=_action(given.get("action")),
        since=_time("from", given.get("from")),
        until=_time("to", given.get("to")),
        size=_PAGE,
        cursor=request.query_params.get("cursor"),
    )
    return AuditQuery(command=command, given=given)


def _action(text: str | None) -> EventName | None:
    if text is None:
        return None
    try:
        return ACTIONS[text]
    except KeyError as error:
        raise InvalidInput({"action": ["is unknown"]}) from error


def _time(name: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else utc_time(text)
    except ValueError as error:
        raise InvalidInput({name: ["is not a time"]}) from error
