"""Decides which tasks run as coroutines on the worker's loop: those whose middleware does not block."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dramatiq.actor import Actor
from dramatiq.middleware import (
    AgeLimit,
    CurrentMessage,
    GroupCallbacks,
    Middleware,
)

from internal.infrastructure.taskqueue.broker.callbacks import Callbacks, Pipelines
from internal.infrastructure.taskqueue.broker.middleware import ShutdownNotifications, TimeLimit
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.retries import Retries

Check = Callable[[Actor[..., Any], Delivery], bool]

HOOKS = (
    "before_process_message",
    "after_process_message",
    "after_skip_message",
    "before_ack",
    "after_ack",
    "before_nack",
    "after_nack",
)


def overrides(middleware: Middleware, hook: str) -> bool:
    return getattr(type(middleware), hook, None) is not getattr(Middleware, hook, None)


def checks(middleware: Sequence[Middleware]) -> list[Check]:
    """The checks that a delivery must pass to run on the loop."""
    found = [_check(item) for item in middleware if any(overrides(item, hook) for hook in HOOKS)]
    return [check for check in found if check is not _always]


def _always(actor: Actor[..., Any], delivery: Delivery) -> bool:  # noqa: ARG001 - a Check
    return True


def _never(actor: Actor[..., Any], delivery: Delivery) -> bool:  # noqa: ARG001 - a Check
    return False


def _without(*options: str) -> Check:
    """Safe unless the message or its actor has one of these options."""

    def check(actor: Actor[..., Any], delivery: Delivery) -> bool:
        return not any(delivery.options.get(option) or actor.options.get(option) for option in options)

    return check


_CHECKS: Mapping[type[Middleware], Check] = {
    AgeLimit: _always,
    CurrentMessage: _always,
    TimeLimit: _always,
    ShutdownNotifications: _always,
    Retries: _without("on_retry_exhausted"),
    Callbacks: _without("on_success", "on_failure"),
    Pipelines: _without("pipe_target"),
    GroupCallbacks: _without("group_completion_uuid"),
}


def _check(middleware: Middleware) -> Check:
    if getattr(middleware, "loop_safe", False):
        return _always
    return _CHECKS.get(type(middleware), _never)
