import logging
from collections.abc import Callable, Iterable
from typing import Any

import dramatiq
from dramatiq import Broker, Retry
from dramatiq.middleware import CurrentMessage

from internal.domain.errors import InvalidInput, NotFound, NotPermitted
from internal.infrastructure.task_codec import InvalidPayload, TaskCodec
from internal.ports.tasks import Permanent, RetryLater, Task, TaskContext, TaskHandler

# Another attempt cannot help: archived at once.
HOPELESS = (Permanent, InvalidPayload, InvalidInput, NotFound, NotPermitted)

Resolve = Callable[[type[Task]], TaskHandler[Any]]


def declare_actors(
    broker: Broker, *, codec: TaskCodec, task_types: Iterable[type[Task]], resolve: Resolve
) -> None:
    """Give every task its actor: decode the payload, resolve a fresh handler, call it."""
    for task_type in task_types:
        as_actor = dramatiq.actor(
            broker=broker,
            actor_name=task_type.task_name,
            queue_name=task_type.task_options.queue,
            throws=HOPELESS,
        )
        actor = as_actor(_runner(task_type, codec=codec, resolve=resolve))
        actor.logger.setLevel(logging.INFO)  # at DEBUG it logs the payload, and so personal data


def _runner(task_type: type[Task], *, codec: TaskCodec, resolve: Resolve) -> Callable[..., Any]:
    async def run(**payload: Any) -> None:
        task = codec.decode(task_type.task_name, payload)
        try:
            await resolve(task_type)(task, _current_context())
        except RetryLater as error:
            raise Retry(str(error), delay=round(error.after.total_seconds() * 1000)) from error

    return run


def _current_context() -> TaskContext:
    message = CurrentMessage.get_current_message()
    if message is None:
        raise RuntimeError("the CurrentMessage middleware is missing")
    return TaskContext(
        id=message.message_id,
        queue=message.queue_name,
        retries=message.options.get("retries", 0),
        max_retries=message.options["max_retries"],
        deadline=None,
        headers=message.options.get("headers", {}),
    )
