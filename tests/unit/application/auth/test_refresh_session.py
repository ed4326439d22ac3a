from datetime import timedelta

import pytest

from internal.application.auth.refresh_session import (
    RefreshedSession,
    RefreshSession,
    RefreshSessionCommand,
)
from internal.domain.errors import RateLimited
from internal.domain.security_event import EventName
from internal.domain.session import IDLE_FOR, REPEAT_FOR
from internal.domain.user import User
from internal.ports.rate_limiter import Limit, Quota
from internal.ports.refresh_tokens import InvalidRefreshToken
from tests.fakes.site import FakeSite
from tests.support.callers import CALLER

pytestmark = pytest.mark.anyio

LITTLE = timedelta(seconds=1)


class Site(FakeSite):
    async def refresh(self, refresh_token: str) -> RefreshedSession:
        refresh_session = RefreshSession(
            uow=self.uow,
            rate_limiter=self.limits,
            token_issuer=self.tokens,
            refresh_tokens=self.refresh_tokens,
        )
        return await refresh_session(RefreshSessionCommand(refresh_token=refresh_token, caller=CALLER))


@pytest.fixture
def site() -> Site:
    return Site()


async def test_a_refresh_token_is_exchanged_for_its_successor(site: Site, ada: User) -> None:
    tokens = await site.log_in(ada)

    first = await site.refresh(tokens.refresh_token)
    second = await site.refresh(first.tokens.refresh_token)

    assert first.user == second.user == ada
    assert site.tokens.verify(second.tokens.access_token).session_id == tokens.session_id
    assert len({tokens.refresh_token, first.tokens.refresh_token, second.tokens.refresh_token}) == 3
    assert site.events == []


async def test_a_repeated_refresh_gets_the_same_successor(site: Site, ada: User) -> None:
    tokens = await site.log_in(ada)
    first = await site.refresh(tokens.refresh_token)
    site.clock.advance(REPEAT_FOR - LITTLE)

    again = await site.refresh(tokens.refresh_token)

    assert again.tokens.refresh_token == first.tokens.refresh_token
    await site.refresh(again.tokens.refresh_token)


async def test_a_refresh_that_is_repeated_later_ends_the_session(site: Site, ada: User) -> None:
    tokens = await site.log_in(ada)
    first = await site.refresh(tokens.refresh_token)
    site.clock.advance(REPEAT_FOR)

    with pytest.raises(InvalidRefreshToken):
        await site.refresh(tokens.refresh_token)

    assert site.events == [EventName.REFRESH_REUSED]
    with pytest.raises(InvalidRefreshToken):
        await site.refresh(first.tokens.refresh_token)


async def test_a_token_whose_successor_was_used_ends_the_session(site: Site, ada: User) -> None:
    tokens, other = await site.log_in(ada), await site.log_in(ada)
    first = await site.refresh(tokens.refresh_token)
    await site.refresh(first.tokens.refresh_token)

    with pytest.raises(InvalidRefreshToken):
        await site.refresh(tokens.refresh_token)

    assert site.uow.sessions.by_id.keys() == {other.session_id}
    assert site.events == [EventName.REFRESH_REUSED]


async def test_a_forged_token_changes_nothing(site: Site, ada: User) -> None:
    tokens = await site.log_in(ada)

    with pytest.raises(InvalidRefreshToken):
        await site.refresh("forged")

    await site.refresh(tokens.refresh_token)


async def test_a_session_that_was_not_used_for_long_cannot_be_refreshed(site: Site, ada: User) -> None:
    tokens = await site.log_in(ada)
    site.clock.advance(IDLE_FOR)

    with pytest.raises(InvalidRefreshToken):
        await site.refresh(tokens.refresh_token)

    assert site.events == []


async def test_a_disabled_user_cannot_refresh(site: Site, ada: User) -> None:
    tokens = await site.log_in(ada)
    site.store(ada.disable(now=site.clock.now()))

    with pytest.raises(InvalidRefreshToken):
        await site.refresh(tokens.refresh_token)


async def test_refreshes_of_a_client_are_limited(site: Site, ada: User) -> None:
    tokens = await site.log_in(ada)
    site.limits.quotas = {Limit.REFRESHES_PER_CLIENT: Quota(1, timedelta(minutes=1))}
    refreshed = await site.refresh(tokens.refresh_token)

    with pytest.raises(RateLimited):
        await site.refresh(refreshed.tokens.refresh_token)

    site.clock.advance(timedelta(minutes=1))
    await site.refresh(refreshed.tokens.refresh_token)
