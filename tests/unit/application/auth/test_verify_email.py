from dataclasses import replace
from datetime import timedelta

import pytest

from internal.application.auth.verify_email import VerifyEmail, VerifyEmailCommand
from internal.domain.account_token import InvalidAccountToken, TokenPurpose
from internal.domain.caller import Caller
from internal.domain.security_event import EventName
from internal.domain.user import User
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.account_tokens import token_for

pytestmark = pytest.mark.anyio

CALLER = Caller(address="192.0.2.7", user_agent="curl", request_id="r-1")


@pytest.fixture
def uow(ada: User) -> FakeUnitOfWork:
    uow = FakeUnitOfWork()
    uow.users.by_id[ada.id] = ada
    return uow


async def verify(uow: FakeUnitOfWork, text: str) -> None:
    await VerifyEmail(uow=uow, clock=FakeClock())(VerifyEmailCommand(token=text, caller=CALLER))


async def mailed(uow: FakeUnitOfWork, ada: User) -> str:
    text, token = token_for(ada, TokenPurpose.VERIFY_EMAIL, valid_until=NOON + timedelta(hours=1))
    await uow.account_tokens.add(token)
    return text


async def test_a_token_verifies_the_address_once(uow: FakeUnitOfWork, ada: User) -> None:
    text = await mailed(uow, ada)

    await verify(uow, text)

    assert uow.users.by_id[ada.id].verified_at == NOON
    [event] = uow.security_events.recorded
    assert (event.name, event.actor_id, event.subject_id) == (EventName.EMAIL_VERIFIED, ada.id, ada.id)
    with pytest.raises(InvalidAccountToken):
        await verify(uow, text)


async def test_an_address_that_is_verified_already_stays_as_it_is(uow: FakeUnitOfWork, ada: User) -> None:
    verified = replace(ada, verified_at=NOON - timedelta(days=1))
    uow.users.by_id[ada.id] = verified

    await verify(uow, await mailed(uow, ada))

    assert uow.users.by_id[ada.id] == verified
    assert uow.security_events.recorded == []


def test_a_command_does_not_show_its_token() -> None:
    assert "secret" not in repr(VerifyEmailCommand(token="secret", caller=CALLER))
