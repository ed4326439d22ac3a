import pytest

from internal.application.auth.log_out import LogOut, LogOutCommand
from internal.domain.security_event import EventName
from internal.domain.user import User
from internal.ports.refresh_tokens import InvalidRefreshToken
from tests.fakes.site import FakeSite
from tests.support.callers import CALLER

pytestmark = pytest.mark.anyio


class Site(FakeSite):
    async def log_out(self, refresh_token: str) -> None:
        log_out = LogOut(uow=self.uow, refresh_tokens=self.refresh_tokens)
        await log_out(LogOutCommand(refresh_token=refresh_token, caller=CALLER))


@pytest.fixture
def site() -> Site:
    return Site()


async def test_ends_the_session_of_the_token_and_no_other(site: Site, ada: User) -> None:
    tokens, other = await site.log_in(ada), await site.log_in(ada)

    await site.log_out(tokens.refresh_token)

    assert site.uow.sessions.by_id.keys() == {other.session_id}
    assert site.events == [EventName.LOGGED_OUT]


async def test_logging_out_again_changes_nothing(site: Site, ada: User) -> None:
    tokens = await site.log_in(ada)
    await site.log_out(tokens.refresh_token)

    await site.log_out(tokens.refresh_token)

    assert site.events == [EventName.LOGGED_OUT]


async def test_refuses_a_forged_token(site: Site) -> None:
    with pytest.raises(InvalidRefreshToken):
        await site.log_out("forged")
