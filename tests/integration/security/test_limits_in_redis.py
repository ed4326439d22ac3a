"""Rate limits and attempts in Redis: exact across processes, private, and bounded without Redis."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

import pytest
import redis
from structlog.testing import capture_logs

from internal.domain.errors import RateLimited
from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.embedded.redis import EmbeddedRedis
from internal.infrastructure.security.keyed_digest import KeyedDigest
from internal.infrastructure.security.redis_or_process import PAUSE, WITHIN, RedisOrProcess
from internal.infrastructure.security.redis_password_attempts import RedisPasswordAttempts
from internal.infrastructure.security.redis_rate_limiter import RedisRateLimiter
from internal.infrastructure.taskqueue.connections.connection import connect
from internal.ports.password_attempts import LockoutPolicy
from internal.ports.rate_limiter import Limit, Quota
from tests.support.full_redis import full
from tests.support.process_family import frozen
from tests.support.refusing_redis import as_a_replica, without_replicas

pytestmark = pytest.mark.anyio

BUSY = 0.25  # seconds that this process may be late on a busy machine
QUOTA = 50
POLICY = LockoutPolicy(free=5, window=timedelta(minutes=15), first_wait=timedelta(minutes=1))
USE = {Limit.LOG_INS: "everybody"}

# Many attempts in parallel; prints how many were allowed.
ATTEMPTS = """
import asyncio, sys
from tests.integration.security.test_limits_in_redis import USE, limits_on, allowed

async def main():
    async with limits_on(sys.argv[1]) as limits:
        await limits.client.ping()
        await asyncio.to_thread(sys.stdin.readline)
        uses = await allowed(lambda: limits.limiter.count(USE), times=50)
        attempts = await allowed(lambda: limits.attempts.begin("ada@example.com"), times=50)
    print("allowed", uses, attempts)

asyncio.run(main())
"""


class Limits:
    def __init__(self, url: str, *, processes: int = 1) -> None:
        self.client = connect(url)
        self.redis_or_process = RedisOrProcess()
        digest = KeyedDigest(b"key")
        self.limiter = RedisRateLimiter(
            self.client,
            redis_or_process=self.redis_or_process,
            quotas={Limit.LOG_INS: Quota(QUOTA, timedelta(hours=1))},
            digest=digest,
            namespace="{pyhexaclean}",
            processes=processes,
        )
        self.attempts = RedisPasswordAttempts(
            self.client,
            redis_or_process=self.redis_or_process,
            policy=POLICY,
            digest=digest,
            namespace="{pyhexaclean}",
            processes=processes,
        )


@asynccontextmanager
async def limits_on(url: str, *, processes: int = 1) -> AsyncIterator[Limits]:
    limits = Limits(url, processes=processes)
    yield limits
    await limits.redis_or_process.close()
    await limits.client.aclose()


async def allowed(use: Callable[[], Awaitable[object]], *, times: int) -> int:
    answers = await asyncio.gather(*(use() for _ in range(times)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert {type(error) for error in refused} <= {RateLimited}
    return times - len(refused)


async def timed(use: Awaitable[object]) -> float:
    started = time.monotonic()
    await use
    return time.monotonic() - started


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path, password=token_hex())
    server.start()
    yield server
    server.stop()


def test_four_processes_together_allow_exactly_the_limit(redis_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ATTEMPTS, redis_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    with ThreadPoolExecutor(len(processes)) as threads:
        outputs = list(threads.map(lambda process: process.communicate("go\n", timeout=60)[0], processes))

    counts = [output.rpartition("allowed ")[2].split() for output in outputs]
    uses, attempts = (sum(map(int, column)) for column in zip(*counts, strict=True))
    assert "without_redis" not in str(outputs)
    assert (uses, attempts) == (QUOTA, POLICY.free)


async def test_a_key_shows_neither_client_nor_account_and_expires(redis_url: str) -> None:
    async with limits_on(redis_url) as limits:
        await limits.limiter.count({Limit.LOG_INS: "192.0.2.7"})
        await limits.attempts.begin("ada@example.com")
        await limits.attempts.begin("eve@example.com")
        await limits.attempts.give_back("eve@example.com")
        await limits.limiter.give_back({Limit.LOG_INS: "2001:db8::/64"})
        for _ in range(3):
            await limits.limiter.give_back({Limit.LOG_INS: "192.0.2.7"})

        keys = [key async for key in limits.client.scan_iter()]
        lives = [await limits.client.ttl(key) for key in keys]

    assert len(keys) == 4
    assert all(key.startswith(b"{pyhexaclean}:limits:") for key in keys)
    assert not any(text in key for key in keys for text in (b"192", b"2001", b"ada", b"eve", b"example"))
    assert all(0 < life <= 86_400 for life in lives)


async def test_a_clock_that_is_set_back_locks_no_account(redis_url: str) -> None:
    async with limits_on(redis_url) as limits:
        await limits.attempts.begin("ada@example.com")
        [key] = [key async for key in limits.client.scan_iter()]
        # As if the clock had been an hour ahead.
        await limits.client.hincrby(key, "open_at", 3_600_000)

        assert await allowed(lambda: limits.attempts.begin("ada@example.com"), times=10) == POLICY.free - 1


async def test_another_key_names_other_counters() -> None:
    assert KeyedDigest(b"one").of("ada@example.com") != KeyedDigest(b"two").of("ada@example.com")


@pytest.mark.parametrize(("processes", "most", "free"), [(1, 50, 5), (4, 12, 1), (256, 1, 1)])
async def test_without_redis_each_process_has_its_part(processes: int, most: int, free: int) -> None:
    async with limits_on(f"redis://127.0.0.1:{free_port()}/0", processes=processes) as limits:
        assert await allowed(lambda: limits.limiter.count(USE), times=200) == most
        assert await allowed(lambda: limits.attempts.begin("ada@example.com"), times=200) == free


@contextmanager
def on_a_full_redis(admin: redis.Redis, _: Path) -> Generator[None]:
    with full(f"redis://:{admin.get_connection_kwargs()['password']}@127.0.0.1:{_port_of(admin)}/0"):
        yield


def _port_of(admin: redis.Redis) -> int:
    return int(admin.get_connection_kwargs()["port"])


@pytest.mark.parametrize("refusing", [on_a_full_redis, without_replicas, as_a_replica])
async def test_a_redis_that_takes_no_writes_is_done_without(
    own_redis: EmbeddedRedis,
    tmp_path: Path,
    refusing: Callable[[redis.Redis, Path], AbstractContextManager[None]],
) -> None:
    with redis.Redis.from_url(own_redis.url) as admin, refusing(admin, tmp_path):
        async with limits_on(own_redis.url) as limits:
            assert await allowed(lambda: limits.limiter.count(USE), times=200) == QUOTA
            assert await allowed(lambda: limits.attempts.begin("ada@example.com"), times=200) == POLICY.free
            await limits.limiter.give_back(USE)
            await limits.attempts.give_back("ada@example.com")
            await limits.attempts.forget("ada@example.com")


async def test_a_frozen_redis_delays_nobody_for_long(own_redis: EmbeddedRedis) -> None:
    async with limits_on(own_redis.url) as limits:
        await limits.limiter.count(USE)
        with capture_logs() as logs, frozen(own_redis.pid):
            at_once = await asyncio.gather(
                *(timed(limits.limiter.count(USE)) for _ in range(QUOTA - 10)), return_exceptions=True
            )
            one_by_one = [await timed(limits.attempts.begin(str(number))) for number in range(200)]

        assert not [error for error in at_once if isinstance(error, BaseException)]
        assert max(delay for delay in at_once if isinstance(delay, float)) < WITHIN + BUSY
        # Only one a second asks Redis.
        assert sorted(one_by_one)[-5] < WITHIN / 2
        assert max(one_by_one) < WITHIN + BUSY
        assert [log["event"] for log in logs] == ["rate_limits.without_redis"]


async def test_redis_counts_again_when_it_is_back(own_redis: EmbeddedRedis) -> None:
    async with limits_on(own_redis.url) as limits:
        await limits.limiter.count(USE)
        with capture_logs() as logs:
            own_redis.stop()
            for _ in range(5):
                await limits.limiter.count(USE)
            own_redis.start()
            await asyncio.sleep(PAUSE)
            await limits.limiter.count(USE)
            with redis.Redis.from_url(own_redis.url) as admin:
                [key] = admin.keys()

                assert admin.get(key) == b"2"
        assert [log["event"] for log in logs] == ["rate_limits.without_redis", "rate_limits.with_redis"]


async def test_a_killed_redis_is_noticed_in_the_middle_of_many_calls(own_redis: EmbeddedRedis) -> None:
    async with limits_on(own_redis.url) as limits:
        calls = [
            asyncio.create_task(allowed(lambda: limits.limiter.count(USE), times=100)) for _ in range(10)
        ]
        await asyncio.sleep(0.01)
        os.kill(own_redis.pid, signal.SIGKILL)

        counts = await asyncio.gather(*calls)

    # Twice the limit: once in Redis, once in the process.
    assert QUOTA <= sum(counts) <= 2 * QUOTA


async def test_scripts_are_loaded_again_when_redis_forgets_them(redis_url: str) -> None:
    async with limits_on(redis_url) as limits:
        for _ in range(2):
            with capture_logs() as logs:
                await limits.limiter.count(USE)
                await limits.attempts.begin("ada@example.com")
            await limits.client.script_flush()

            assert logs == []
