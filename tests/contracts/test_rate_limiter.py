import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from internal.domain.errors import RateLimited
from internal.infrastructure.security.keyed_digest import KeyedDigest
from internal.infrastructure.security.redis_or_process import RedisOrProcess
from internal.infrastructure.security.redis_rate_limiter import RedisRateLimiter
from internal.infrastructure.taskqueue.connections.connection import connect
from internal.ports.rate_limiter import Limit, Quota, RateLimiter, counted
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.rate_limiter import FakeRateLimiter

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
SHORT = timedelta(seconds=1)
QUOTAS = {
    Limit.SIGN_UPS_PER_CLIENT: Quota(3, HOUR),
    Limit.LOG_INS_PER_CLIENT: Quota(1, SHORT),
    Limit.LOG_INS: Quota(5, HOUR),
    Limit.REFRESHES_PER_CLIENT: Quota(999_999_999, HOUR),
}
SIGN_UP = {Limit.SIGN_UPS_PER_CLIENT: "192.0.2.7"}
OTHER = {Limit.SIGN_UPS_PER_CLIENT: "2001:db8::/64"}
LOG_IN = {Limit.LOG_INS_PER_CLIENT: "192.0.2.7"}


@dataclass(frozen=True)
class Limits:
    limiter: RateLimiter
    wait: Callable[[timedelta], Awaitable[None]]


async def sleep(duration: timedelta) -> None:
    await asyncio.sleep(duration.total_seconds())


@pytest.fixture(params=["fake", "redis", "without redis"])
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[Limits]:
    if request.param == "fake":
        clock = FakeClock()

        async def wait(duration: timedelta) -> None:
            clock.advance(duration)

        yield Limits(FakeRateLimiter(QUOTAS, clock=clock), wait)
        return
    nowhere = "redis://127.0.0.1:1/0"
    client = connect(request.getfixturevalue("redis_url") if request.param == "redis" else nowhere)
    redis_or_process = RedisOrProcess()
    limiter = RedisRateLimiter(
        client,
        redis_or_process=redis_or_process,
        quotas=QUOTAS,
        digest=KeyedDigest(b"key"),
        namespace="{test}",
        processes=1,
    )
    yield Limits(limiter, sleep)
    await redis_or_process.close()
    await client.aclose()


async def test_allows_as_many_uses_as_the_quota(limits: Limits) -> None:
    for _ in range(3):
        await limits.limiter.count(SIGN_UP)

    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            await limits.limiter.count(SIGN_UP)
        assert HOUR - timedelta(minutes=1) < refused.value.retry_after <= HOUR


async def test_counts_each_subject_alone(limits: Limits) -> None:
    for _ in range(3):
        await limits.limiter.count(SIGN_UP)

    await limits.limiter.count(OTHER)


async def test_counts_each_limit_alone(limits: Limits) -> None:
    for _ in range(3):
        await limits.limiter.count(SIGN_UP)

    await limits.limiter.count(LOG_IN)


async def test_the_quota_is_new_after_the_window(limits: Limits) -> None:
    await limits.limiter.count(LOG_IN)
    with pytest.raises(RateLimited) as refused:
        await limits.limiter.count(LOG_IN)

    await limits.wait(refused.value.retry_after + SHORT / 10)

    await limits.limiter.count(LOG_IN)
    with pytest.raises(RateLimited):
        await limits.limiter.count(LOG_IN)


async def test_a_refused_use_does_not_prolong_the_window(limits: Limits) -> None:
    await limits.limiter.count(LOG_IN)
    await limits.wait(SHORT * 0.6)
    with pytest.raises(RateLimited):
        await limits.limiter.count(LOG_IN)
    await limits.wait(SHORT * 0.6)

    await limits.limiter.count(LOG_IN)


async def test_an_exhausted_limit_leaves_those_after_it(limits: Limits) -> None:
    uses = {**SIGN_UP, Limit.LOG_INS: "everybody"}
    for _ in range(3):
        await limits.limiter.count(uses)
    for _ in range(10):
        with pytest.raises(RateLimited):
            await limits.limiter.count(uses)

    for _ in range(2):
        await limits.limiter.count({Limit.LOG_INS: "everybody"})
    with pytest.raises(RateLimited):
        await limits.limiter.count({Limit.LOG_INS: "everybody"})


async def test_a_use_that_is_given_back_does_not_count(limits: Limits) -> None:
    for _ in range(10):
        await limits.limiter.count(SIGN_UP)
        await limits.limiter.give_back(SIGN_UP)

    for _ in range(3):
        await limits.limiter.count(SIGN_UP)
    with pytest.raises(RateLimited):
        await limits.limiter.count(SIGN_UP)


async def test_an_outage_of_the_service_does_not_count(limits: Limits) -> None:
    for _ in range(10):
        with pytest.raises(Unavailable):
            async with counted(limits.limiter, SIGN_UP):
                raise Unavailable

    async with counted(limits.limiter, SIGN_UP):
        pass


async def test_another_failure_counts(limits: Limits) -> None:
    for _ in range(3):
        with pytest.raises(ValueError, match="wrong"):
            async with counted(limits.limiter, SIGN_UP):
                raise ValueError("wrong")

    with pytest.raises(RateLimited):
        await limits.limiter.count(SIGN_UP)


async def test_parallel_uses_are_counted_exactly(limits: Limits) -> None:
    counts = [limits.limiter.count(SIGN_UP) for _ in range(100)]

    answers = await asyncio.gather(*counts, return_exceptions=True)

    assert answers.count(None) == 3
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 97


@pytest.mark.parametrize("subject", ["", "a" * 100_000, "\u674e\x00\n", "{x}:*"])
async def test_a_subject_is_any_text(limits: Limits, subject: str) -> None:
    await limits.limiter.count({Limit.LOG_INS_PER_CLIENT: subject})

    with pytest.raises(RateLimited):
        await limits.limiter.count({Limit.LOG_INS_PER_CLIENT: subject})


async def test_a_huge_quota_is_not_exhausted(limits: Limits) -> None:
    for _ in range(20):
        await limits.limiter.count({Limit.REFRESHES_PER_CLIENT: "192.0.2.7"})
