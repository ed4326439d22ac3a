from datetime import timedelta
from uuid import UUID

import pytest

from internal.application.users.list_sessions import ListSessions, ListSessionsCommand
from internal.domain.errors import InvalidInput
from internal.domain.session import Session
from internal.domain.user import User
from internal.ports.cursors import InvalidCursor
from tests.fakes.clock import FakeClock
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.administration import CALLER

pytestmark = pytest.mark.anyio


@pytest.fixture
async def uow(ada: User) -> FakeUnitOfWork:
    """Of Ada's five sessions, two were used at the same time."""
    clock = FakeClock()
    uow = FakeUnitOfWork(clock=clock)
    async with uow:
        for number, minutes in enumerate((5, 3, 3, 1, 0)):
            began = clock.now() - timedelta(minutes=minutes)
            session = Session.begin(session_id=UUID(int=number), user_id=ada.id, caller=CALLER, now=began)
            await uow.sessions.add(session, token_digest=b"digest")
        await uow.commit()
    return uow


@pytest.fixture
def list_sessions(uow: FakeUnitOfWork) -> ListSessions:
    return ListSessions(uow=uow)


async def test_pages_from_the_most_recently_used_one(list_sessions: ListSessions, ada: User) -> None:
    first = await list_sessions(ListSessionsCommand(user=ada, size=3))
    second = await list_sessions(ListSessionsCommand(user=ada, size=3, cursor=first.next))

    assert [session.id.int for session in (*first.sessions, *second.sessions)] == [4, 3, 1, 2, 0]
    assert second.next is None


async def test_a_page_goes_on_after_a_session_that_has_ended(
    list_sessions: ListSessions, uow: FakeUnitOfWork, ada: User
) -> None:
    first = await list_sessions(ListSessionsCommand(user=ada, size=2))
    async with uow:
        await uow.sessions.end(first.sessions[-1].id, user_id=ada.id)
        await uow.commit()

    second = await list_sessions(ListSessionsCommand(user=ada, size=2, cursor=first.next))

    assert [session.id.int for session in second.sessions] == [1, 2]


@pytest.mark.parametrize("size", [0, 101])
async def test_refuses_a_size_out_of_bounds(list_sessions: ListSessions, ada: User, size: int) -> None:
    with pytest.raises(InvalidInput, match="Validation failed"):
        await list_sessions(ListSessionsCommand(user=ada, size=size))


@pytest.mark.parametrize("cursor", ["", "x", "1", "1-1", f"{'9' * 18}-{'0' * 32}", f"1-{'0' * 32}\n"])
async def test_refuses_a_malformed_cursor(list_sessions: ListSessions, ada: User, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        await list_sessions(ListSessionsCommand(user=ada, cursor=cursor))
