"""A06: while Redis is away, log-ins are neither unlimited nor refused by a 500."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import pytest

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.process_family import frozen
from tests.support.system import NO_CERTIFICATES, System

pytestmark = pytest.mark.long

WORKERS, LIMIT = 2, 10
TRIES = 30
# A quarter of a second by promise; the machine may be busy.
SLOWER = 1.0  # seconds


@contextmanager
def killed(redis: EmbeddedRedis) -> Iterator[None]:
    redis.stop()
    yield
    redis.start()


@contextmanager
def stopped(redis: EmbeddedRedis) -> Iterator[None]:
    with frozen(redis.pid):
        yield


def log_in(system: System, number: int) -> tuple[int, float]:
    started = time.monotonic()
    response = httpx.post(
        f"http://127.0.0.1:{system.port}/api/v1/auth/login",
        json={"email": f"user{number}@example.com", "password": "wrong horse"},
        timeout=10,
        verify=NO_CERTIFICATES,
    )
    return response.status_code, time.monotonic() - started


@pytest.mark.parametrize("fault", [killed, stopped])
def test_log_ins_stay_limited_and_quick(
    system: System, own_redis: EmbeddedRedis, fault: Callable[[EmbeddedRedis], AbstractContextManager[None]]
) -> None:
    system.env["REDIS_URL"] = own_redis.url
    system.start_server(HTTP_WORKERS=str(WORKERS), RATE_LIMIT_LOGINS_PER_CLIENT=f"{LIMIT}/hour")
    _, usual = log_in(system, 0)

    with fault(own_redis):
        answers = [log_in(system, number) for number in range(TRIES)]

    statuses = [status for status, _ in answers]
    assert set(statuses) == {401, 429}
    # Each process has half of the limit; which one gets a connection is up to the kernel.
    assert LIMIT // WORKERS <= statuses.count(401) <= LIMIT
    assert max(seconds for _, seconds in answers) < usual + SLOWER
    assert 1 <= system.log("cmd.server").count("rate_limits.without_redis") <= WORKERS
