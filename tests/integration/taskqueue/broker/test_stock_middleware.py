"""Dramatiq's own middleware on the engine: results, callbacks, pipelines, groups."""

import time
from typing import Any

import dramatiq
import pytest
from dramatiq import group, pipeline
from dramatiq.middleware import GroupCallbacks
from dramatiq.rate_limits import ConcurrentRateLimiter
from dramatiq.rate_limits.backends import StubBackend as RateLimiterBackend
from dramatiq.results import ResultFailure, Results
from dramatiq.results.backends import StubBackend as ResultBackend

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.polling import eventually
from tests.support.taskqueue.workers import working

WITHIN = 5000  # milliseconds


@pytest.fixture
def backend(broker: RedisBroker) -> ResultBackend:
    """Where the results of the broker's tasks go."""
    backend = ResultBackend()
    broker.add_middleware(Results(backend=backend))
    return backend


def test_results_are_stored(broker: RedisBroker, backend: ResultBackend) -> None:
    @dramatiq.actor(broker=broker, store_results=True)
    async def add(a: int, b: int) -> int:
        return a + b

    @dramatiq.actor(broker=broker, store_results=True)
    def multiply(a: int, b: int) -> int:
        return a * b

    with working(broker):
        total, product = add.send(2, 3), multiply.send(2, 3)

        assert total.get_result(backend=backend, block=True, timeout=WITHIN) == 5
        assert product.get_result(backend=backend, block=True, timeout=WITHIN) == 6


def test_the_failure_of_a_task_that_is_given_up_is_its_result(
    broker: RedisBroker, backend: ResultBackend
) -> None:
    @dramatiq.actor(broker=broker, store_results=True, max_retries=0)
    async def fail() -> None:
        raise ConnectionError("the disk is full")

    with working(broker):
        message = fail.send()

        with pytest.raises(ResultFailure, match="the disk is full"):
            message.get_result(backend=backend, block=True, timeout=WITHIN)


def test_a_pipeline_hands_each_result_to_the_next(broker: RedisBroker, backend: ResultBackend) -> None:
    @dramatiq.actor(broker=broker, store_results=True)
    async def add(*numbers: int) -> int:
        return sum(numbers)

    with working(broker):
        sent: Any = pipeline([add.message(1, 2), add.message(3), add.message(4)], broker=broker).run()

        assert sent.messages[-1].get_result(backend=backend, block=True, timeout=WITHIN) == 10


def test_a_group_calls_back_when_all_of_it_is_done(broker: RedisBroker) -> None:
    broker.add_middleware(GroupCallbacks(RateLimiterBackend()))
    ran: list[int] = []
    together: list[list[int]] = []

    @dramatiq.actor(broker=broker)
    async def run(number: int) -> None:
        ran.append(number)

    @dramatiq.actor(broker=broker)
    async def finish() -> None:
        together.append(sorted(ran))

    with working(broker):
        batch = group([run.message(number) for number in range(5)], broker=broker)
        batch.add_completion_callback(finish.message())
        batch.run()

        eventually(lambda: together == [[0, 1, 2, 3, 4]], within=5)


def test_a_callback_runs_with_the_result_of_what_succeeded(broker: RedisBroker) -> None:
    results: list[tuple[str, object]] = []

    @dramatiq.actor(broker=broker)
    async def succeed() -> int:
        return 42

    @dramatiq.actor(broker=broker)
    async def note_success(message: dict[str, Any], result: object) -> None:
        results.append((message["actor_name"], result))

    with working(broker):
        succeed.send_with_options(on_success=note_success)

        eventually(lambda: results == [("succeed", 42)], within=5)


def test_a_callback_runs_with_the_failure_of_an_attempt(broker: RedisBroker) -> None:
    failures: list[tuple[str, str]] = []

    @dramatiq.actor(broker=broker)
    async def fail() -> None:
        raise ConnectionError("the disk is full")

    @dramatiq.actor(broker=broker)
    async def note_failure(message: dict[str, Any], exception: dict[str, str]) -> None:
        failures.append((message["actor_name"], exception["type"]))

    with working(broker):
        fail.send_with_options(on_failure=note_failure)

        eventually(lambda: failures == [("fail", "ConnectionError")], within=5)


def test_another_actor_hears_about_an_exhausted_task(broker: RedisBroker) -> None:
    told: list[tuple[str, dict[str, int]]] = []

    @dramatiq.actor(broker=broker, max_retries=0)
    async def fail() -> None:
        raise ConnectionError

    @dramatiq.actor(broker=broker)
    async def give_up(message: dict[str, Any], retries: dict[str, int]) -> None:
        told.append((message["actor_name"], retries))

    with working(broker):
        fail.send_with_options(on_retry_exhausted=give_up.actor_name)

        eventually(lambda: told == [("fail", {"retries": 0, "max_retries": 0})], within=5)


def test_a_failure_callback_tells_the_last_attempt_from_those_before(broker: RedisBroker) -> None:
    retries: list[int] = []

    @dramatiq.actor(broker=broker, max_retries=2, max_backoff=10)
    async def fail() -> None:
        raise ConnectionError

    @dramatiq.actor(broker=broker)
    async def note_failure(message: dict[str, Any], _: dict[str, str]) -> None:
        retries.append(message["options"]["retries"])

    with working(broker):
        fail.send_with_options(on_failure=note_failure)

        eventually(lambda: sorted(retries) == [1, 2, 3], within=5)


def test_a_rate_limiter_keeps_tasks_from_running_at_once(broker: RedisBroker) -> None:
    limiter = ConcurrentRateLimiter(RateLimiterBackend(), "one at a time", limit=1)
    at_work: list[int] = []
    most: list[int] = []

    @dramatiq.actor(broker=broker, max_backoff=20, max_retries=None)
    def run(number: int) -> None:
        with limiter.acquire():
            at_work.append(number)
            most.append(len(at_work))
            time.sleep(0.02)
            at_work.remove(number)

    with working(broker, worker_threads=4):
        for number in range(4):
            run.send(number)

        eventually(lambda: most == [1, 1, 1, 1], within=10)


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "error", [ValueError("caf\udce9 \0"), Mute(), ValueError("x" * 2_000_000)], ids=["odd", "mute", "long"]
)
def test_a_callback_gets_an_error_with_any_text(broker: RedisBroker, error: Exception) -> None:
    told: list[tuple[Any, Any]] = []

    @dramatiq.actor(broker=broker)
    def complain(message: dict[str, Any], error: dict[str, str]) -> None:
        told.append((message["args"], error["type"]))

    @dramatiq.actor(broker=broker, max_retries=0, on_failure="complain")
    def fail(_: str) -> None:
        raise error

    with working(broker):
        fail.send("x" * 1_000_000)
        eventually(lambda: bool(told), within=5)

    assert told == [(["x" * 1_000_000], type(error).__name__)]


def test_a_tuple_is_handed_on_as_a_list(broker: RedisBroker) -> None:
    got: list[Any] = []

    @dramatiq.actor(broker=broker)
    def split(text: str) -> tuple[str, ...]:
        return tuple(text)

    @dramatiq.actor(broker=broker)
    def take(*arguments: Any) -> None:
        got.append(arguments[-1])

    with working(broker):
        split.send_with_options(args=("ab",), on_success="take")
        pipeline([split.message("ab"), take.message()], broker=broker).run()
        eventually(lambda: len(got) == 2, within=5)

    assert got == [["a", "b"]] * 2
