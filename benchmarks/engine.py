"""The task engine of this project, through its port and through its command."""

import sys
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import redis
import uvloop

from benchmarks import tasks
from benchmarks.tasks import ApplicationNoop, Mark, Noop
from internal.infrastructure.bootstrap.containers.taskqueue import QUEUES, payload_cipher
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.connections.connection import pool_of
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.ports.tasks import Task

R = TypeVar("R")

PLAIN = "benchmarks.actors.engine"
APPLICATION = "benchmarks.actors.application"
TIMEOUT = 30  # seconds for one call


def key(queue: str, part: str) -> str:
    return f"{hash_tag(NAMESPACE)}:{queue}:{part}"


class Engine:
    """Tasks go in through the TaskPublisher port, on the event loop that the server has."""

    def __init__(
        self,
        url: str,
        *,
        name: str = "engine",
        noop: Task | None = None,
        module: str = PLAIN,
        payload_keys: str = "",
    ) -> None:
        self.name = name
        self.client = redis.Redis.from_url(url)
        self.publisher = DramatiqTaskPublisher(
            enqueuer=Enqueuer(pool_of(url), namespace=hash_tag(NAMESPACE)),
            encoder=TaskEncoder(codec=TaskCodec(tasks.ALL, payload_cipher(payload_keys)), new_id=uuid4),
            queues=QUEUES,
            clock=SystemClock(),
        )
        self._noop = noop or Noop()
        self._module = module
        self._loop = uvloop.new_event_loop()

    @classmethod
    def with_application_task(
        cls, url: str, *, name: str = "application", payload_keys: str = ""
    ) -> "Engine":
        """The same, with its no-op as a task of the application instead of a plain Dramatiq actor."""
        return cls(url, name=name, noop=ApplicationNoop(), module=APPLICATION, payload_keys=payload_keys)

    def commands(self, *, processes: int) -> list[list[str]]:
        return [[sys.executable, "-m", "cmd.worker", "--processes", str(processes), self._module]]

    def publish(self, count: int) -> None:
        for begin in range(0, count, MOST_AT_ONCE):
            self.run(self.publisher.publish_many([self._noop] * min(MOST_AT_ONCE, count - begin)))

    def mark(self, label: str, *, queue: str = "default", delay: timedelta | None = None) -> None:
        self.run(self.publisher.publish(Mark(label=label), queue=queue, delay=delay))

    def publish_all(self, batch: Sequence[Task]) -> None:
        self.run(self.publisher.publish_many(batch))

    def remaining(self) -> int:
        return sum(int(self.client.hlen(key(queue, "messages"))) for queue in QUEUES)

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        return self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        self.run(self.publisher.close())
        self._loop.close()
        self.client.close()
