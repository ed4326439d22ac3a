"""A task that raised has failed, for any error, any thread, and any interruption while it is described."""

from collections.abc import Iterator
from typing import Any

import dramatiq
import msgspec
import pytest
from dramatiq import Broker, MessageProxy
from dramatiq.middleware import Middleware
from hypothesis import HealthCheck, given, settings

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.broker.middleware import default_middleware
from internal.infrastructure.taskqueue.delivery.retries import Retries
from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.tasks import Permanent
from tests.support.faults.rounds import IS_LONG
from tests.support.hostile_errors import Hostile, hostile_errors
from tests.support.polling import eventually
from tests.support.queue_contents import Queued, queued
from tests.support.taskqueue.workers import broker_on, working

many = settings(
    max_examples=500 if IS_LONG else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Blocking(Middleware):
    """Not known to be safe on the loop: tasks run in threads."""

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None: ...


class Ruinous(Middleware):
    """Raises in every hook after the handler, in the worst way."""

    loop_safe = True

    def _raise(self, *_: object, **__: object) -> None:
        raise SystemExit

    after_process_message = after_skip_message = _raise
    before_ack = after_ack = before_nack = after_nack = before_enqueue = after_enqueue = _raise


def settled(redis_url: str) -> list[Queued]:
    """Every task, once a worker has none of them any more."""
    eventually(
        lambda: not {"pending", "active"} & {task.state for task in queued(redis_url)},
        within=10,
    )
    return queued(redis_url)


def history(broker: RedisBroker, task_id: str) -> list[dict[str, Any]]:
    """Return the attempts that Redis stored."""
    record: Any = broker.client.hgetall(f"{broker.namespace}:default:task:{task_id}")
    return [msgspec.json.decode(note) for name, note in record.items() if name.startswith(b"attempt:")]


class Faulty:
    """A worker with one actor, which raises what the test says."""

    def __init__(self, broker: RedisBroker, *, is_async: bool) -> None:
        self.broker = broker
        self.error: BaseException | None = None
        self.runs = 0
        self.actor: Any = dramatiq.actor(broker=broker, actor_name="fail")(
            self._fail_on_the_loop if is_async else self._fail
        )

    def _fail(self) -> None:
        self.runs += 1
        if self.error is not None:
            raise self.error

    async def _fail_on_the_loop(self) -> None:
        self._fail()


@pytest.fixture(params=["coroutine", "coroutine in a thread", "function"])
def faulty(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Faulty]:
    middleware = default_middleware()
    if request.param == "coroutine in a thread":
        middleware.append(Blocking())
    broker = broker_on(redis_url, middleware=middleware)
    faulty = Faulty(broker, is_async=request.param != "function")
    with working(broker):
        yield faulty
    broker.close()


@many
@given(hostile=hostile_errors())
def test_whatever_a_task_raises_is_a_failed_attempt(faulty: Faulty, redis_url: str, hostile: Hostile) -> None:
    faulty.error, faulty.runs = hostile.error, 0

    faulty.actor.send()

    eventually(lambda: faulty.runs == 1, within=10)
    [task] = settled(redis_url)
    assert task.state == "retry"
    assert task.message.options["retries"] == 1
    assert 0 < len(task.message.options["traceback"].encode()) <= 32 * 1024
    [attempt] = history(faulty.broker, task.id)
    assert 0 < len(attempt["error"].encode()) <= 8 * 1024
    faulty.broker.flush("default")


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("retries", [[Retries()], []])
def test_no_hook_changes_how_a_task_ended(
    redis_url: str, *, is_async: bool, fails: bool, retries: list[Middleware]
) -> None:
    broker = broker_on(redis_url, middleware=[Ruinous(), *retries, Ruinous()])
    faulty = Faulty(broker, is_async=is_async)
    faulty.error = ValueError("no") if fails else None

    sender = broker_on(redis_url, middleware=[])
    for _ in range(3):
        sender.enqueue(faulty.actor.message())
    with working(broker):
        eventually(lambda: faulty.runs == 3, within=10)
        found = settled(redis_url)

    assert [task.state for task in found] == (["retry"] * 3 if fails else [])
    for each in (broker, sender):
        each.close()


@pytest.mark.parametrize("is_async", [True, False])
def test_a_message_that_can_no_longer_be_stored_is_retried_as_it_came(
    redis_url: str, *, is_async: bool
) -> None:
    class Spoiler(Middleware):
        loop_safe = True

        def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
            message.options["lock"] = object()

    broker = broker_on(redis_url, middleware=[*default_middleware(), Spoiler()])
    faulty = Faulty(broker, is_async=is_async)
    faulty.error = ValueError("no")

    with working(broker):
        faulty.actor.send_with_options(kept="as it is")
        eventually(lambda: faulty.runs == 1, within=10)
        [task] = settled(redis_url)

    assert task.state == "retry"
    assert (task.message.options["retries"], task.message.options["kept"]) == (1, "as it is")
    broker.close()


@pytest.mark.parametrize("delay", ["soon", 10**30, float("nan"), float("inf"), -5, None], ids=str)
def test_a_delay_that_cannot_be_kept_holds_up_nobody(redis_url: str, broker: RedisBroker, delay: Any) -> None:
    @dramatiq.actor(broker=broker, max_retries=1)
    async def ask_for_a_retry() -> None:
        raise dramatiq.Retry(delay=delay)

    with working(broker):
        ask_for_a_retry.send()
        ask_for_a_retry.send()
        found = settled(redis_url)

    assert len(found) == 2


def test_errors_of_30_mb_take_no_room_in_redis(broker: RedisBroker, redis_url: str) -> None:
    @dramatiq.actor(broker=broker, max_retries=0)
    async def fail() -> None:
        raise ValueError("head " + "x" * 30_000_000 + " tail")

    for _ in range(4):
        fail.send()
    with working(broker):
        found = settled(redis_url)

    assert [task.state for task in found] == ["archived"] * 4
    record: Any = broker.client.memory_usage(f"{broker.namespace}:default:task:{found[0].id}")
    messages: Any = broker.client.memory_usage(f"{broker.namespace}:default:messages", samples=0)
    assert record < 20 * 1024
    assert messages < 4 * 60 * 1024
    [attempt] = history(broker, found[0].id)
    assert attempt["error"].startswith("ValueError: head x")
    assert attempt["error"].endswith("x tail")


def test_the_history_of_a_task_that_always_fails_has_an_end(broker: RedisBroker, redis_url: str) -> None:
    failures = 120

    @dramatiq.actor(broker=broker, max_retries=None, min_backoff=1, max_backoff=2)
    async def fail() -> None:
        nonlocal failures
        failures -= 1
        if failures < 0:
            raise Permanent(str(failures))
        raise ValueError(str(failures))

    with working(broker):
        fail.send()
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=30)

    [task] = queued(redis_url)
    errors = [attempt["error"] for attempt in history(broker, task.id)]
    assert 50 <= len(errors) <= 70
    assert "Permanent: -1" in errors
    assert "ValueError: 119" not in errors


ODD_OPTIONS: list[dict[str, Any]] = [
    {"unknown": "often"},
    {"format": []},
    {"retries": "many"},
    {"throws": ["ValueError"]},
    {"retention": "long"},
]


@pytest.mark.parametrize("options", ODD_OPTIONS, ids=str)
def test_an_odd_option_in_redis_holds_up_no_neighbour(
    broker: RedisBroker, redis_url: str, options: dict[str, Any]
) -> None:
    runs: list[bool] = []

    @dramatiq.actor(broker=broker)
    async def fail() -> None:
        raise ValueError("no")

    @dramatiq.actor(broker=broker)
    async def run() -> None:
        runs.append(True)

    nobody = dramatiq.Message[None]("default", "nobody", (), {}, {})
    for task_id, message in enumerate((fail.message(), run.message(), nobody)):
        odd = message.copy(options={"redis_message_id": str(task_id), **options})
        broker.call(scripts.SEND, ("default", str(task_id), scripts.text(odd.encode())))
    run.send()
    with working(broker):
        found = settled(redis_url)

    assert runs
    assert {task.message.actor_name for task in found} >= {"fail", "nobody"}
