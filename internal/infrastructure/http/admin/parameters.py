from typing import Annotated
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from internal.application.admin.list_users import ListUsersCommand
from internal.application.auth.authenticate import Principal
from internal.domain.errors import InvalidInput
from internal.domain.role import Role
from internal.domain.user import UserNotFound
from internal.ports.user_directory import UserOrder, UserState

UserId = Annotated[str, PathParameter(schema_extra={"format": "uuid"})]

_Page = Annotated[
    int | None,
    QueryParameter(name="page", description="1 to 100,000 / limit; not together with a cursor"),
]
_Limit = Annotated[int, QueryParameter(name="limit", description="Users on a page, 1 to 100")]
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
_Cursor = Annotated[
    str | None, QueryParameter(name="cursor", description="The `next_cursor` of the page before")
]


async def provide_list_users_command(
    principal: NamedDependency[Principal],
    page: _Page = None,
    limit: _Limit = 10,
    sort: _Sort = UserOrder.NEWEST_FIRST,
    q: _Search = "",
    role: _Role = None,
    in_state: _State = None,
    cursor: _Cursor = None,
) -> ListUsersCommand:
    """What the query of a request asks for."""
    return ListUsersCommand(
        actor=principal.user,
        search=q,
        role=role,
        state=_parse_state(in_state) if in_state is not None else None,
        order=sort,
        per_page=limit,
        page=page,
        cursor=cursor,
    )


def parse_user_id(text: str) -> UUID:
    """Read an id in its usual form, in any case. Raises UserNotFound, as for an id that nobody has."""
    try:
        user_id = UUID(text)
    except ValueError as error:
        raise UserNotFound from error
    if str(user_id) != text.lower():
        raise UserNotFound
    return user_id


def _parse_state(text: str) -> UserState:
    try:
        return UserState(text)
    except ValueError as error:
        raise InvalidInput({"state": ["is invalid"]}) from error
