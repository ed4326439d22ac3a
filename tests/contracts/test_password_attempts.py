import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from internal.domain.errors import RateLimited
from internal.infrastructure.security.keyed_digest import KeyedDigest
from internal.infrastructure.security.redis_or_process import RedisOrProcess
from internal.infrastructure.security.redis_password_attempts import RedisPasswordAttempts
from internal.infrastructure.taskqueue.connections.connection import connect
from internal.ports.password_attempts import LockoutPolicy, PasswordAttempts, attempted
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.password_attempts import FakePasswordAttempts

pytestmark = pytest.mark.anyio

ADA, EVE = "ada@example.com", "eve@example.com"
POLICY = LockoutPolicy(free=3, window=timedelta(minutes=15))
# Short times, because some implementations have no clock of their own.
TICK = timedelta(milliseconds=200)
QUICK = replace(POLICY, first_wait=TICK, window=4 * TICK, ceiling=7, forget_after=8 * TICK)


@dataclass(frozen=True)
class Guesses:
    with_policy: Callable[[LockoutPolicy], PasswordAttempts]
    wait: Callable[[timedelta], Awaitable[None]]


async def sleep(duration: timedelta) -> None:
    await asyncio.sleep(duration.total_seconds())


@pytest.fixture(params=["fake", "redis", "without redis"])
async def guesses(request: pytest.FixtureRequest) -> AsyncIterator[Guesses]:
    if request.param == "fake":
        clock = FakeClock()

        async def wait(duration: timedelta) -> None:
            clock.advance(duration)

        yield Guesses(lambda policy: FakePasswordAttempts(policy, clock=clock), wait)
        return
    nowhere = "redis://127.0.0.1:1/0"
    client = connect(request.getfixturevalue("redis_url") if request.param == "redis" else nowhere)
    redis_or_process = RedisOrProcess()

    def with_policy(policy: LockoutPolicy) -> PasswordAttempts:
        return RedisPasswordAttempts(
            client,
            redis_or_process=redis_or_process,
            policy=policy,
            digest=KeyedDigest(b"key"),
            namespace="{test}",
            processes=1,
        )

    yield Guesses(with_policy, sleep)
    await redis_or_process.close()
    await client.aclose()


async def refusal(attempts: PasswordAttempts, account: str = ADA) -> timedelta:
    with pytest.raises(RateLimited) as refused:
        await attempts.begin(account)
    return refused.value.retry_after


async def fail(attempts: PasswordAttempts, *, times: int) -> None:
    for _ in range(times):
        await attempts.begin(ADA)


async def test_some_failures_are_free(guesses: Guesses) -> None:
    attempts = guesses.with_policy(POLICY)

    await fail(attempts, times=3)

    assert timedelta(0) < await refusal(attempts) <= timedelta(seconds=1)


async def test_tells_how_long_the_next_attempt_waits_after_a_failure(guesses: Guesses) -> None:
    attempts = guesses.with_policy(QUICK)

    assert [await attempts.begin(ADA) for _ in range(3)] == [timedelta(0), timedelta(0), TICK]

    await guesses.wait(TICK * 1.1)
    async with attempted(attempts, ADA) as wait:
        assert wait == 2 * TICK


async def test_each_account_is_limited_alone(guesses: Guesses) -> None:
    attempts = guesses.with_policy(POLICY)
    await fail(attempts, times=3)

    await attempts.begin(EVE)


async def test_each_further_failure_doubles_the_wait_up_to_the_window(guesses: Guesses) -> None:
    attempts = guesses.with_policy(replace(QUICK, ceiling=100))
    await fail(attempts, times=3)

    waits = []
    for _ in range(4):
        wait = await refusal(attempts)
        waits.append(wait)
        await guesses.wait(wait + TICK / 20)
        await attempts.begin(ADA)

    for wait, longest in zip(waits, [TICK, 2 * TICK, 4 * TICK, 4 * TICK], strict=True):
        assert longest / 2 < wait <= longest


async def test_a_refused_attempt_does_not_prolong_the_wait(guesses: Guesses) -> None:
    attempts = guesses.with_policy(QUICK)
    await fail(attempts, times=3)
    wait = await refusal(attempts)
    for _ in range(20):
        await refusal(attempts)

    await guesses.wait(wait + TICK / 20)

    await attempts.begin(ADA)


async def test_failures_with_a_pause_in_between_are_free_again(guesses: Guesses) -> None:
    attempts = guesses.with_policy(QUICK)
    await fail(attempts, times=2)

    await guesses.wait(QUICK.window + TICK / 20)

    await fail(attempts, times=3)
    await refusal(attempts)


async def test_at_the_ceiling_an_account_waits_until_its_failures_are_forgotten(guesses: Guesses) -> None:
    attempts = guesses.with_policy(QUICK)
    for _ in range(2):
        await fail(attempts, times=2)
        await guesses.wait(QUICK.window + TICK / 20)
    await fail(attempts, times=3)

    wait = await refusal(attempts)
    await guesses.wait(wait + TICK / 20)

    assert QUICK.window < wait <= QUICK.forget_after
    await fail(attempts, times=3)
    assert await refusal(attempts) <= TICK


async def test_a_right_password_makes_all_failures_forgotten(guesses: Guesses) -> None:
    attempts = guesses.with_policy(POLICY)
    await fail(attempts, times=3)
    await refusal(attempts)

    await attempts.forget(ADA)

    await fail(attempts, times=3)


async def test_an_attempt_that_is_given_back_does_not_count(guesses: Guesses) -> None:
    attempts = guesses.with_policy(POLICY)
    for _ in range(10):
        await attempts.begin(ADA)
        await attempts.give_back(ADA)

    await fail(attempts, times=3)
    await refusal(attempts)


async def test_giving_back_too_much_changes_nothing(guesses: Guesses) -> None:
    attempts = guesses.with_policy(POLICY)
    await attempts.give_back(ADA)
    await attempts.begin(ADA)
    await attempts.forget(ADA)
    await attempts.give_back(ADA)

    await fail(attempts, times=3)
    await refusal(attempts)


async def test_parallel_guesses_are_attempts_too(guesses: Guesses) -> None:
    attempts = guesses.with_policy(POLICY)

    answers = await asyncio.gather(*(attempts.begin(ADA) for _ in range(200)), return_exceptions=True)

    assert sum(isinstance(answer, RateLimited) for answer in answers) == 197
    # They did not bring the ceiling nearer.
    await attempts.give_back(ADA)
    await attempts.begin(ADA)
    assert await refusal(attempts) <= timedelta(seconds=1)


async def test_a_body_without_an_error_has_found_the_password(guesses: Guesses) -> None:
    attempts = guesses.with_policy(POLICY)

    for _ in range(10):
        async with attempted(attempts, ADA):
            pass


async def test_an_outage_in_the_body_does_not_count(guesses: Guesses) -> None:
    attempts = guesses.with_policy(POLICY)

    for _ in range(10):
        with pytest.raises(Unavailable):
            async with attempted(attempts, ADA):
                raise Unavailable


async def test_another_error_in_the_body_counts(guesses: Guesses) -> None:
    attempts = guesses.with_policy(POLICY)
    for _ in range(3):
        with pytest.raises(ValueError, match="wrong"):
            async with attempted(attempts, ADA):
                raise ValueError("wrong")

    await refusal(attempts)
