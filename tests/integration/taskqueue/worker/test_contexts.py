"""Context variables: nothing that one task or hook sets is visible to another."""

from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import dramatiq
import pytest
from dramatiq.middleware import Middleware
from structlog.contextvars import bind_contextvars, get_contextvars

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.broker.middleware import default_middleware
from internal.infrastructure.tasks.completion_log import Completion
from tests.fakes.completion_log import FakeCompletionLog
from tests.support.taskqueue.workers import broker_on, send_stored, working

TASKS = 300

tenant: ContextVar[str] = ContextVar("tenant", default="none")


class Leaks:
    """Who saw what somebody else had set."""

    def __init__(self, *, at_the_start: str = "none") -> None:
        self._at_the_start = at_the_start
        self.seen: list[str] = []
        self.looks = 0

    def look(self, place: str) -> None:
        """Look at what is set, then set it."""
        self.looks += 1
        if tenant.get() != self._at_the_start or get_contextvars():
            self.seen.append(f"{place} saw {tenant.get()} and {get_contextvars()}")
        tenant.set(place)
        bind_contextvars(place=place)


class Looking(Middleware):
    """Looks in every hook that fires between tasks."""

    def __init__(self, leaks: Leaks) -> None:
        self._look = leaks.look

    def before_ack(self, *_: object) -> None:
        self._look("before_ack")

    def after_ack(self, *_: object) -> None:
        self._look("after_ack")

    def before_nack(self, *_: object) -> None:
        self._look("before_nack")

    def after_nack(self, *_: object) -> None:
        self._look("after_nack")


class LookingOnTheLoop(Looking):
    loop_safe = True


class LookingCompletionLog(FakeCompletionLog):
    def __init__(self, leaks: Leaks) -> None:
        super().__init__()
        self._look = leaks.look

    async def close(self, completions: Sequence[Completion]) -> None:
        await super().close(completions)
        if tenant.get() != "none":
            self._look("the completion log")


@pytest.fixture
def leaks() -> Leaks:
    return Leaks()


@pytest.fixture(params=["on the loop", "in threads"])
def broker(request: pytest.FixtureRequest, redis_url: str, leaks: Leaks) -> Iterator[RedisBroker]:
    """A broker with a hook that looks, whose coroutines run where the parameter says."""
    looking = LookingOnTheLoop(leaks) if request.param == "on the loop" else Looking(leaks)
    broker = broker_on(redis_url, middleware=[*default_middleware(), looking])
    yield broker
    broker.close()


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_no_task_and_no_hook_sees_what_another_has_set(
    broker: RedisBroker, leaks: Leaks, *, is_async: bool, fails: bool
) -> None:
    def look() -> None:
        leaks.look("a task")
        if fails:
            raise ValueError("no")

    async def look_on_the_loop() -> None:
        look()

    actor: Any = dramatiq.actor(broker=broker, actor_name="look", max_retries=0)(
        look_on_the_loop if is_async else look
    )

    for _ in range(TASKS):
        actor.send()
    with working(broker, worker_threads=4) as worker:
        worker.join()

    assert leaks.seen == []
    assert leaks.looks == 3 * TASKS


def test_the_ledger_is_not_asked_in_the_context_of_a_task(redis_url: str, leaks: Leaks) -> None:
    broker = broker_on(redis_url)

    @dramatiq.actor(broker=broker)
    async def look() -> None:
        leaks.look("a task")

    for _ in range(TASKS):
        send_stored(broker, look.message_with_options(outbox="first"))
    with working(broker, completion_log=LookingCompletionLog(leaks)) as worker:
        worker.join()

    assert leaks.seen == []
    assert leaks.looks == TASKS
    broker.close()


@pytest.mark.parametrize("is_async", [True, False])
def test_tasks_see_what_was_set_before_the_worker_started(redis_url: str, *, is_async: bool) -> None:
    broker = broker_on(redis_url)
    leaks = Leaks(at_the_start="the worker's")

    def look() -> None:
        leaks.look("a task")

    async def look_on_the_loop() -> None:
        look()

    actor: Any = dramatiq.actor(broker=broker, actor_name="look")(look_on_the_loop if is_async else look)
    for _ in range(20):
        actor.send()
    token = tenant.set("the worker's")
    with working(broker) as worker:
        tenant.reset(token)
        worker.join()

    assert (leaks.seen, leaks.looks) == ([], 20)
    broker.close()
