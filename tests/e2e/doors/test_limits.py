"""Limits count the requests at both doors together."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import cycle

import pytest

from internal.domain.errors import RateLimited
from internal.domain.user import InvalidCredentials
from tests.support.doors.client import Client
from tests.support.doors.door import Refusal, Refused, refusal_of
from tests.support.doors.operations import PAIRS
from tests.support.doors.samples import PASSWORD, new_email, sign_up
from tests.support.doors.site import MOST_FAILURES, Site

# Two requests of one client, on a busy machine.
WITHIN = timedelta(seconds=30)


@dataclass(frozen=True)
class Limit:
    """How often a client may do this in an hour, or may do it for one email address."""

    most: int
    use: Callable[[Client, str], object]


LIMITS = {
    "sign-ups": Limit(4, lambda client, _: sign_up(client)),
    "invalid sign-ups": Limit(8, lambda client, _: sign_up(client, password="password")),
    "log-ins": Limit(10, lambda client, _: client.log_in(email=new_email(), password=PASSWORD)),
    "refreshes": Limit(10, lambda client, _: client.refresh(refresh_token="A" * 86)),
    "emails": Limit(10, lambda client, _: client.forgot_password(email=new_email())),
    "reset emails": Limit(3, lambda client, email: client.forgot_password(email=email)),
    "verification emails": Limit(3, lambda client, email: client.resend_verification(email=email)),
}


def assert_limited(request: Callable[[], object], *, window: timedelta) -> None:
    refusal = refusal_of(request)
    wait = refusal.retry_after
    assert wait
    assert refusal == Refusal.of(RateLimited(wait), retry_after=wait)
    assert window - WITHIN <= wait <= window


@pytest.mark.parametrize(("here", "there"), PAIRS)
@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_a_limit_counts_both_doors_together(site: Site, here: str, there: str, limit: Limit) -> None:
    clients, email = site.pair(here, there), new_email()
    for client, _ in zip(cycle(clients), range(limit.most), strict=False):
        with suppress(Refused):
            limit.use(client, email)

    for client in clients:
        assert_limited(partial(limit.use, client, email), window=timedelta(hours=1))


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_an_account_that_is_locked_at_one_door_is_locked_at_the_other(
    site: Site, here: str, there: str
) -> None:
    subject = site.account()
    email = subject.user.email.value
    site.fail_log_ins(email, times=MOST_FAILURES - 1)

    last = refusal_of(lambda: site.client(here).log_in(email=email, password="wrong horse"))

    assert last == Refusal.of(InvalidCredentials())
    for door in (here, there):
        log_in = partial(site.client(door).log_in, email=email, password=PASSWORD)
        assert_limited(log_in, window=timedelta(days=1))
    assert site.client(there, subject.token).me().email == email
