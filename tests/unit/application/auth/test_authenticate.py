from datetime import timedelta
from uuid import uuid4

import pytest

from internal.application.auth.authenticate import Authenticate, AuthenticateCommand
from internal.domain.user import User
from internal.ports.token_issuer import InvalidToken
from tests.fakes.clock import FakeClock
from tests.fakes.token_issuer import FakeTokenIssuer
from tests.fakes.unit_of_work import FakeUnitOfWork

pytestmark = pytest.mark.anyio


@pytest.fixture
def tokens() -> FakeTokenIssuer:
    return FakeTokenIssuer(clock=FakeClock(), ttl=timedelta(minutes=15))


@pytest.fixture
def uow() -> FakeUnitOfWork:
    return FakeUnitOfWork()


@pytest.fixture
def authenticate(uow: FakeUnitOfWork, tokens: FakeTokenIssuer) -> Authenticate:
    return Authenticate(uow=uow, token_issuer=tokens)


async def test_tells_whose_token_it_is(
    authenticate: Authenticate, uow: FakeUnitOfWork, tokens: FakeTokenIssuer, ada: User
) -> None:
    uow.users.by_id[ada.id] = ada

    user = await authenticate(AuthenticateCommand(token=tokens.issue(ada.id)))

    assert user == ada


async def test_refuses_a_foreign_token(authenticate: Authenticate) -> None:
    with pytest.raises(InvalidToken):
        await authenticate(AuthenticateCommand(token="nonsense"))


async def test_refuses_a_token_whose_user_is_gone(
    authenticate: Authenticate, tokens: FakeTokenIssuer
) -> None:
    with pytest.raises(InvalidToken):
        await authenticate(AuthenticateCommand(token=tokens.issue(uuid4())))
