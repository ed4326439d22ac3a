from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from internal.application.admin.list_users import ListUsersCommand
from internal.application.auth.authenticate import Principal
from internal.domain.errors import InvalidInput
from internal.domain.role import Role
from internal.domain.user import UserNotFound
from internal.infrastructure.http.page_request import PageRequest, require_values
from internal.infrastructure.inbound.ids import parse_id
from internal.ports.user_directory import UserOrder, UserState

_Page = Annotated[
    int | None,
    QueryParameter(name="page", description="1 to 100,000 / limit; not together with a cursor"),
]
_Sort = Annotated[UserOrder, QueryParameter(name="sort", description="A minus means descending")]
_Search = Annotated[
    str, QueryParameter(name="q", description="Beginnings of words of the name or the email address")
]
_Role = Annotated[Role | None, QueryParameter(name="role", description="Only users with this role")]
# Litestar has a parameter of its own that is named `state`, and its errors would name this one's other name.
_State = Annotated[
    str | None,
    QueryParameter(name="state", description="Only users in this state", enum=[*map(str, UserState)]),
]


async def provide_list_users_command(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    page_request: NamedDependency[PageRequest],
    page: _Page = None,
    sort: _Sort = UserOrder.NEWEST_FIRST,
    q: _Search = "",
    role: _Role = None,
    in_state: _State = None,
) -> ListUsersCommand:
    """What the query of a request asks for."""
    require_values(request, page=page, role=role)
    return ListUsersCommand(
        actor=principal.user,
        search=q,
        role=role,
        state=_parse_state(in_state) if in_state is not None else None,
        order=sort,
        per_page=page_request.size,
        page=page,
        cursor=page_request.cursor,
    )


def parse_user_id(text: str) -> UUID:
    """Raises UserNotFound."""
    return parse_id(text, UserNotFound)


def _parse_state(text: str) -> UserState:
    try:
        return UserState(text)
    except ValueError as error:
        raise InvalidInput({"state": ["is invalid"]}) from error
