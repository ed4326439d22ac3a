import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from internal.application.page_sizes import LARGEST_PAGE, require_page_size
from internal.domain.session import Session
from internal.domain.user import User
from internal.ports.cursors import InvalidCursor
from internal.ports.unit_of_work import UnitOfWork

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessionsCommand:
    user: User
    size: int = LARGEST_PAGE
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """`next` is the cursor of the next page, or None on the last page."""

    sessions: Sequence[Session]
    next: str | None


class ListSessions:
    def __init__(self, *, uow: UnitOfWork) -> None:
        self._uow = uow

    async def __call__(self, command: ListSessionsCommand) -> SessionPage:
        """Return a page of the user's sessions, the most recently used first.

        Raises:
            InvalidInput: the size is not within 1 to LARGEST_PAGE.
            InvalidCursor: it is malformed.
        """
        require_page_size(command.size)
        after = _place_in(command.cursor) if command.cursor is not None else None
        async with self._uow as uow:
            # At most MOST_SESSIONS, so a page needs no statement of its own.
            sessions = await uow.sessions.list_of(command.user.id)
        following = [session for session in sessions if after is None or _place_of(session) > after]
        page = following[: command.size]
        return SessionPage(sessions=page, next=_to_cursor(page[-1]) if len(following) > len(page) else None)


def _place_of(session: Session) -> tuple[int, UUID]:
    return -((session.last_used_at - _EPOCH) // _MICROSECOND), session.id


def _to_cursor(session: Session) -> str:
    place, session_id = _place_of(session)
    return f"{-place}-{session_id.hex}"


def _place_in(cursor: str) -> tuple[int, UUID]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidCursor
    return -int(match[1]), UUID(match[2])
