from datetime import timedelta
from uuid import uuid4

import pytest

from internal.application.auth.authenticate import Authenticate, AuthenticateCommand, Principal
from internal.domain.caller import Caller
from internal.domain.session import IDLE_FOR, Session
from internal.domain.user import User
from internal.ports.token_issuer import InvalidToken
from tests.fakes.clock import FakeClock
from tests.fakes.token_issuer import FakeTokenIssuer
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.fakes.user_reader import FakeUserReader

pytestmark = pytest.mark.anyio

NOBODY = Caller(address=None, user_agent=None, request_id=None)


class Site:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.uow = FakeUnitOfWork(clock=self.clock)
        self.tokens = FakeTokenIssuer(clock=self.clock, ttl=timedelta(days=365))
        self._authenticate = Authenticate(users=FakeUserReader(self.uow), token_issuer=self.tokens)

    async def log_in(self, user: User) -> Session:
        self.uow.users.by_id[user.id] = user
        session = Session.begin(session_id=uuid4(), user_id=user.id, caller=NOBODY, now=self.clock.now())
        await self.uow.sessions.add(session, token_digest=b"digest")
        return session

    async def authenticate(self, token: str) -> Principal:
        return await self._authenticate(AuthenticateCommand(token=token))


@pytest.fixture
def site() -> Site:
    return Site()


async def test_finds_the_user_and_the_session_of_a_token(site: Site, ada: User) -> None:
    session = await site.log_in(ada)

    principal = await site.authenticate(site.tokens.issue(ada.id, session_id=session.id))

    assert principal == Principal(user=ada, session_id=session.id)


async def test_refuses_a_foreign_token(site: Site) -> None:
    with pytest.raises(InvalidToken):
        await site.authenticate("nonsense")


async def test_refuses_a_token_whose_session_has_ended(site: Site, ada: User) -> None:
    session = await site.log_in(ada)
    token = site.tokens.issue(ada.id, session_id=session.id)
    await site.uow.sessions.end(session.id, user_id=ada.id)

    with pytest.raises(InvalidToken):
        await site.authenticate(token)


async def test_refuses_a_token_whose_session_has_expired(site: Site, ada: User) -> None:
    session = await site.log_in(ada)
    token = site.tokens.issue(ada.id, session_id=session.id)
    site.clock.advance(IDLE_FOR)

    with pytest.raises(InvalidToken):
        await site.authenticate(token)


async def test_refuses_a_token_with_the_session_of_another_user(site: Site, ada: User) -> None:
    session = await site.log_in(ada)

    with pytest.raises(InvalidToken):
        await site.authenticate(site.tokens.issue(uuid4(), session_id=session.id))


async def test_refuses_a_token_of_a_disabled_user(site: Site, ada: User) -> None:
    session = await site.log_in(ada)
    token = site.tokens.issue(ada.id, session_id=session.id)
    site.uow.users.by_id[ada.id] = ada.disable(now=site.clock.now())

    with pytest.raises(InvalidToken):
        await site.authenticate(token)


async def test_a_token_of_a_version_without_sessions_works_until_all_sessions_end(
    site: Site, ada: User
) -> None:
    site.uow.users.by_id[ada.id] = ada
    token = site.tokens.issue_without_session(ada.id)
    assert await site.authenticate(token) == Principal(user=ada, session_id=None)
    site.clock.advance(timedelta(seconds=1))

    site.uow.users.by_id[ada.id] = ada.end_all_sessions(now=site.clock.now())

    with pytest.raises(InvalidToken):
        await site.authenticate(token)


async def test_refuses_a_token_whose_user_is_gone(site: Site) -> None:
    with pytest.raises(InvalidToken):
        await site.authenticate(site.tokens.issue(uuid4(), session_id=uuid4()))
