"""An engine on which features meet: publisher, workers and operator, and all tasks that there are."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import redis

from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.connections.connection import pool_of
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol.timing import MAX_CRASHES
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.ports.task_inspector import TaskAction
from internal.ports.tasks import Publication, TaskOptions
from tests.support.queue_contents import Queued, queued
from tests.support.taskqueue.engine import PREFIX, WEIGHTS, Engine, Hand
from tests.support.taskqueue.inspectors import inspector_on

HOUR = timedelta(hours=1)
AT_ONCE = 2
GIVEN_UP = Outcome(Kind.ARCHIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    task_name: ClassVar[str] = "test:step"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    name: str


def name_of(task: Queued | Delivery) -> str:
    kwargs: Any = task.message.kwargs if isinstance(task, Queued) else task.kwargs
    return str(kwargs["name"])


class Site:
    """Two workers, whose tasks end as the test says, on a Redis with nothing else in it."""

    def __init__(self, redis_url: str) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._client = redis.Redis.from_url(redis_url)
        self._client.flushdb()
        self._client.sadd(f"{PREFIX}:queues", *WEIGHTS)  # as if a worker had registered
        self.engine = Engine(redis_url, self._client)
        self.hands = [Hand(self.engine), Hand(self.engine)]
        self.held: list[dict[str, Delivery]] = [{}, {}]
        ids = count(1)
        self.publisher = DramatiqTaskPublisher(
            enqueuer=Enqueuer(pool_of(redis_url), namespace=PREFIX),
            encoder=TaskEncoder(codec=TaskCodec([Step]), new_id=lambda: UUID(int=next(ids))),
            queues=tuple(WEIGHTS),
            clock=SystemClock(),
        )
        self.inspector = self.wait(self._stack.enter_async_context(inspector_on(redis_url)))
        self.hands[0].turn()  # somebody was heard: leases may lapse

    def wait(self, coroutine: Any) -> Any:
        return self._runner.run(coroutine)

    def close(self) -> None:
        self.wait(self.publisher.close())
        self.wait(self._stack.aclose())
        self._runner.close()
        self._client.close()

    def publish(self, *publications: Publication) -> list[bool]:
        """Whether each is a duplicate."""
        receipts = self.wait(self.publisher.publish_many(publications))
        return [bool(receipt.duplicate) for receipt in receipts]

    def tasks(self) -> dict[str, Queued]:
        """All there are, by name; each is in one state."""
        found = queued(self.engine.url)
        tasks = {name_of(task): task for task in found}
        assert len(tasks) == len(found)
        return tasks

    def act(self, action: TaskAction, task: Queued) -> bool:
        """Whether it was done."""
        return not self.wait(self.inspector.act(action, task.queue, [task.id])).refused

    def fetch(self, worker: int, total: int) -> list[Delivery]:
        """What a worker starts; what is not to be started is returned too, and still held."""
        deliveries = self.hands[worker].fetch(total)
        self.held[worker] |= {name_of(delivery): delivery for delivery in deliveries}
        return deliveries

    def settle(self, worker: int, name: str, outcome: Outcome) -> bool:
        """Whether it counted."""
        return not self.hands[worker].settle(self.held[worker].pop(name), outcome)

    def crash(self, worker: int) -> list[str]:
        """Give the worker's tasks to others at once, and start a new worker."""
        lost = self.held[worker]
        for delivery in lost.values():
            self.engine.make_due(delivery.task_id, state="active", queue=delivery.queue)
        self.held[worker], self.hands[worker] = {}, Hand(self.engine)
        self.hands[1 - worker].turn()
        return list(lost)


def is_refused(delivery: Delivery) -> bool:
    """Whether a worker gives it up unstarted."""
    return delivery.is_cancelled or delivery.crashes >= MAX_CRASHES
