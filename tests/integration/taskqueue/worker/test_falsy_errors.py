"""An error that is false, or has no truth value, is an error: a future of the standard library drops it."""

from typing import Any

import dramatiq
import pytest

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.queue_contents import queued
from tests.support.taskqueue.witnesses import Blocking
from tests.support.taskqueue.workers import working


class Falsy(Exception):
    def __bool__(self) -> bool:
        return False


class Neither(BaseException):
    def __bool__(self) -> bool:
        raise ValueError


@pytest.mark.parametrize("error", [Falsy, Neither])
@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("is_in_a_thread", [True, False])
def test_a_task_fails_with_the_error_that_it_raised_also_if_that_is_falsy(
    broker: RedisBroker, redis_url: str, error: type[BaseException], *, is_async: bool, is_in_a_thread: bool
) -> None:
    if is_in_a_thread:
        broker.add_middleware(Blocking())

    def fail() -> None:
        raise error

    async def fail_as_a_coroutine() -> None:
        fail()

    actor: Any = dramatiq.actor(broker=broker, actor_name="fail", max_retries=0)(
        fail_as_a_coroutine if is_async else fail
    )
    actor.send()
    with working(broker) as worker:
        worker.join()

    [task] = queued(redis_url)
    assert task.state == "archived"
    assert task.message.options["traceback"].splitlines()[-1].startswith(f"{error.__name__}:")
