"""Dramatiq's `Results` store every failure, and only as much of its text as is stored elsewhere."""

from typing import Any

import dramatiq
import pytest
from dramatiq.results import ResultFailure, Results
from dramatiq.results.backends import RedisBackend

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.telemetry.error_text import MOST_TEXT
from tests.support.taskqueue.workers import working

WITHIN = 3000  # milliseconds


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError


class Falsy(Exception):
    def __bool__(self) -> bool:
        raise ValueError


ERRORS = {
    "falsy": Falsy(),
    "mute": Mute(),
    "long": ValueError("x" * 1_000_000),
    "surrogate": ValueError("caf\udce9.txt"),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("is_async", [True, False])
def test_a_failure_is_the_result_whatever_the_error_says(
    broker: RedisBroker, redis_url: str, error: Exception, *, is_async: bool
) -> None:
    backend = RedisBackend(url=redis_url)
    broker.add_middleware(Results(backend=backend))

    def fail() -> None:
        raise error

    async def fail_on_the_loop() -> None:
        fail()

    actor: Any = dramatiq.actor(broker=broker, actor_name="fail", store_results=True, max_retries=0)(
        fail_on_the_loop if is_async else fail
    )
    with working(broker):
        message = actor.send()

        with pytest.raises(ResultFailure) as failure:
            message.get_result(backend=backend, block=True, timeout=WITHIN)

    assert failure.value.orig_exc_type == type(error).__name__
    assert len(failure.value.orig_exc_msg.encode()) <= MOST_TEXT
