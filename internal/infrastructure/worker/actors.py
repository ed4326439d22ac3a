import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from time import monotonic
from typing import Any, Protocol

import dramatiq
from dramatiq.middleware import CurrentMessage

from internal.domain.errors import InvalidInput, NotFound, NotPermitted
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.encoded_task import InvalidPayload
from internal.infrastructure.tasks.encrypted_payload import is_encrypted
from internal.ports.clock import Clock
from internal.ports.tasks import Permanent, RetryLater, Task, TaskContext, TaskHandler
from internal.ports.unavailable import Unavailable

# Another attempt cannot help, so the task is archived at once.
HOPELESS = (Permanent, InvalidPayload, InvalidInput, NotFound, NotPermitted)

# By then a worker that alone lost Postgres has noticed, and leaves the task to others.
WITHOUT_DATABASE = timedelta(seconds=2)

Resolve = Callable[[type[Task]], TaskHandler[Any]]


class Explains(Protocol):
    async def __call__(self, error: Unavailable, *, since: float) -> bool:
        """Whether the only cause is that Postgres was unreachable at some time after `since` (monotonic)."""
        ...


def declare_actors(
    broker: RedisBroker,
    *,
    codec: TaskCodec,
    clock: Clock,
    task_types: Iterable[type[Task]],
    resolve: Resolve,
    explains: Explains | None = None,
) -> None:
    """Declare one actor per task. It decodes the payload, resolves a new handler and calls it.

    A task that fails only because Postgres is unreachable runs again later, and no attempt is counted.
    """
    for task_type in task_types:
        as_actor = dramatiq.actor(
            broker=broker,
            actor_name=task_type.task_name,
            queue_name=task_type.task_options.queue,
            throws=HOPELESS,
            retry_delay=getattr(task_type, "retry_delay", None),
        )
        actor = as_actor(_runner(task_type, codec=codec, clock=clock, resolve=resolve, explains=explains))
        actor.logger.setLevel(logging.INFO)  # at DEBUG it logs the payload, which is personal data


def _runner(
    task_type: type[Task], *, codec: TaskCodec, clock: Clock, resolve: Resolve, explains: Explains | None
) -> Callable[..., Any]:
    async def run(**payload: Any) -> None:
        delivery = _current_delivery()
        if is_encrypted(payload):
            payload = codec.decrypt(task_type.task_name, payload, task_id=delivery.message_id)
            delivery.secret_payload = payload
        task = codec.decode(task_type.task_name, payload)
        started = monotonic()
        try:
            await resolve(task_type)(task, _context_of(delivery, clock))
        except (Unavailable, ExceptionGroup) as error:
            outage = _outage_in(error)
            if explains and outage and await explains(outage, since=started):
                raise RetryLater(WITHOUT_DATABASE) from error
            raise

    return run


def _outage_in(error: Exception) -> Unavailable | None:
    """The outage that made the handler fail. In a group, every error must be an outage."""
    if isinstance(error, ExceptionGroup):
        outages = [_outage_in(each) for each in error.exceptions]
        return None if None in outages else outages[0]
    return error if isinstance(error, Unavailable) else None


def _current_delivery() -> Delivery:
    delivery: Any = CurrentMessage.get_current_message()
    if not isinstance(delivery, Delivery):
        raise TypeError("these actors run only in the engine's worker, with the CurrentMessage middleware")
    return delivery


def _context_of(delivery: Delivery, clock: Clock) -> TaskContext:
    deadline = None
    if delivery.deadline is not None:
        deadline = clock.now() + timedelta(seconds=delivery.deadline - monotonic())
    return TaskContext(
        id=delivery.message_id,
        queue=delivery.queue,
        retries=delivery.options.get("retries", 0),
        max_retries=delivery.options["max_retries"],
        deadline=deadline,
        headers=delivery.options.get("headers", {}),
        write_result=delivery.write_result,
    )
