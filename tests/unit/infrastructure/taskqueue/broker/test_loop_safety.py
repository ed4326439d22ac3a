from typing import Any

import dramatiq
import pytest
from dramatiq import Message
from dramatiq.middleware import AgeLimit, Callbacks, CurrentMessage, Middleware, Pipelines

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.broker.middleware import (
    ShutdownNotifications,
    TimeLimit,
    default_middleware,
)
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.retries import Retries
from internal.infrastructure.taskqueue.delivery.settlements import Lease
from tests.support.taskqueue.attempts import offline_broker


class Unknown(Middleware):
    def before_ack(self, *args: object) -> None: ...


class Derived(Callbacks):
    """What it does besides is not known."""


class Declared(Unknown):
    loop_safe = True


class Elsewhere(Middleware):
    def before_enqueue(self, *args: object) -> None: ...


def is_native(
    broker: RedisBroker, options: dict[str, str] | None = None, *, actor: dict[str, Any] | None = None
) -> bool:
    @dramatiq.actor(broker=broker, actor_name="work", **(actor or {}))
    async def work() -> None: ...

    message = Message[None]("default", "work", (), {}, options or {})
    return broker.native(Delivery(message, lease=Lease("default", "1", "token"))) is not None


def test_an_async_actor_runs_on_the_loop_with_the_default_middleware() -> None:
    assert is_native(offline_broker(default_middleware()))


def test_a_sync_actor_never_does() -> None:
    broker = offline_broker()

    @dramatiq.actor(broker=broker)
    def work() -> None: ...

    delivery = Delivery(work.message(), lease=Lease("default", "1", "token"))
    assert broker.native(delivery) is None


@pytest.mark.parametrize(
    "middleware",
    [AgeLimit(), CurrentMessage(), TimeLimit(), ShutdownNotifications(), Retries(), Callbacks(), Pipelines()],
    ids=lambda item: type(item).__name__,
)
def test_the_middleware_that_does_not_block_is_known(middleware: Middleware) -> None:
    assert is_native(offline_broker([middleware]))


@pytest.mark.parametrize(
    ("middleware", "is_safe"),
    [(Unknown(), False), (Derived(), False), (Declared(), True), (Elsewhere(), True)],
    ids=lambda item: type(item).__name__,
)
def test_other_middleware_may_block_unless_it_says_otherwise(
    middleware: Middleware, *, is_safe: bool
) -> None:
    assert is_native(offline_broker([middleware])) == is_safe


def test_middleware_that_is_added_later_counts() -> None:
    broker = offline_broker()
    before = is_native(broker)

    broker.add_middleware(Unknown())

    message = Message[None]("default", "work", (), {}, {})
    delivery = Delivery(message, lease=Lease("default", "1", "token"))
    assert before
    assert broker.native(delivery) is None


@pytest.mark.parametrize("option", ["on_success", "on_failure", "pipe_target", "on_retry_exhausted"])
@pytest.mark.parametrize("place", ["actor", "message"])
def test_an_option_for_which_middleware_sends_a_message_moves_the_task_to_a_thread(
    option: str, place: str
) -> None:
    broker = offline_broker(default_middleware())
    is_actors = place == "actor" and option in broker.actor_options
    actor, message = ({option: "other"}, {}) if is_actors else ({}, {option: "other"})

    assert not is_native(broker, message, actor=actor)
