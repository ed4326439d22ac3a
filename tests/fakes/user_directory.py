import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from internal.domain.search_words import words_of
from internal.domain.user import User
from internal.ports.cursors import InvalidCursor
from internal.ports.user_directory import UserFilter, UserOrder, UserPage, UserState
from tests.fakes.user_repository import FakeUserRepository

Place = tuple[datetime | str, UUID]


class FakeUserDirectory:
    """Lists the users of a FakeUserRepository."""

    def __init__(self, users: FakeUserRepository) -> None:
        self._users = users

    async def page(
        self, wanted: UserFilter, *, order: UserOrder, size: int, skip: int = 0, cursor: str | None = None
    ) -> UserPage:
        users = sorted(
            self._wanted(wanted), key=lambda user: _place(user, order), reverse=order.is_descending
        )
        if cursor is not None:
            last = _parsed(cursor, order)
            users = [user for user in users if (last < _place(user, order)) is not order.is_descending]
            users = [user for user in users if _place(user, order) != last]
        rest = users[skip:]
        page = rest[:size]
        following = _cursor(page[-1], order) if len(rest) > size else None
        return UserPage(users=page, next=following)

    async def count(self, wanted: UserFilter, *, at_most: int) -> int:
        return min(len(self._wanted(wanted)), at_most)

    def _wanted(self, wanted: UserFilter) -> Sequence[User]:
        return [user for user in self._users.by_id.values() if _fits(user, wanted)]


def _fits(user: User, wanted: UserFilter) -> bool:
    words = words_of(f"{user.name} {user.email}")
    in_state = {
        None: True,
        UserState.ACTIVE: user.is_active,
        UserState.DISABLED: not user.is_active,
        UserState.UNVERIFIED: user.verified_at is None,
    }
    return (
        all(any(word.startswith(start) for word in words) for start in wanted.words)
        and wanted.role in {None, user.role}
        and in_state[wanted.state]
    )


def _place(user: User, order: UserOrder) -> Place:
    values: dict[str, datetime | str] = {
        "created_at": user.created_at,
        "email": user.email.value,
        "name": user.name.value.lower(),
    }
    return values[order.attribute], user.id


def _cursor(user: User, order: UserOrder) -> str:
    value, user_id = _place(user, order)
    return json.dumps([order, value.isoformat() if isinstance(value, datetime) else value, str(user_id)])


def _parsed(cursor: str, order: UserOrder) -> Place:
    try:
        of_order, value, user_id = json.loads(cursor)
    except ValueError as error:
        raise InvalidCursor from error
    if of_order != order:
        raise InvalidCursor
    return datetime.fromisoformat(value) if order.attribute == "created_at" else value, UUID(user_id)
