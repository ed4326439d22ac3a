"""The progress of a running task can be read."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import dramatiq
import pytest
from dramatiq.middleware import CurrentMessage

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.polling import eventually as eventually_within
from tests.support.taskqueue.workers import working

HOUR = 3_600_000
KEY = "{pyhexaclean}:default:task:"


def result_of(broker: RedisBroker, message: dramatiq.Message[Any]) -> bytes | None:
    found: Any = broker.client.hget(f"{KEY}{message.options['redis_message_id']}", "result")
    return None if found is None else bytes(found)


def eventually(holds: Callable[[], bool]) -> None:
    eventually_within(holds, within=5)


def current() -> Any:
    return CurrentMessage.get_current_message()


@pytest.mark.parametrize("is_async", [True, False])
def test_a_result_can_be_read_while_the_task_runs(broker: RedisBroker, is_async: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    goes_on = threading.Event()

    async def on_the_loop() -> None:
        current().write_result({"percent": 50})
        await asyncio.to_thread(goes_on.wait, 5)
        current().write_result({"percent": 100})

    def in_a_thread() -> None:
        current().write_result({"percent": 50})
        goes_on.wait(5)
        current().write_result({"percent": 100})

    actor: Any = dramatiq.actor(broker=broker, actor_name="slow")(on_the_loop if is_async else in_a_thread)
    message = actor.send_with_options(retention=HOUR)
    with working(broker):
        eventually(lambda: result_of(broker, message) == b'{"percent":50}')
        assert broker.qsize("default") == 1  # it is running
        goes_on.set()
        eventually(lambda: result_of(broker, message) == b'{"percent":100}')
        eventually(lambda: broker.qsize("default") == 0)


def test_a_result_of_a_task_without_retention_is_not_written(broker: RedisBroker) -> None:
    @dramatiq.actor(broker=broker)
    async def forgotten() -> None:
        current().write_result(1)
        await asyncio.sleep(0.05)

    message = forgotten.send()
    with working(broker):
        eventually(lambda: broker.qsize("default") == 0)

    assert result_of(broker, message) is None
