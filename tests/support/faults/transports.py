"""Our engine and stock Dramatiq behind one interface, to put both through the same."""

import time
import uuid
from typing import Any, Protocol

import redis
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker

from tests.support.faults.fleet import ACTORS, STARTS_WITHIN, Fleet, Worker
from tests.support.polling import eventually

GARBAGE = "not JSON"
PLACES = 1024  # in line, of each millisecond


class Transport(Protocol):
    """Tasks are sent to the queue `default`."""

    def start(self, *, slots: int = 2, **env: str) -> Worker: ...

    def send(self, actor: str, *, delay: int | None = None, **arguments: Any) -> None: ...

    def send_garbage(self) -> None: ...


class Ours:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def start(self, *, slots: int = 2, **env: str) -> Worker:
        return self._fleet.start(
            "tests.support.faults.clock_ahead", ACTORS, processes=1, WORKER_CONCURRENCY=str(slots), **env
        )

    def send(self, actor: str, *, delay: int | None = None, **arguments: Any) -> None:
        self._fleet.send(actor, delay=delay, **arguments)

    def send_garbage(self) -> None:
        task_id, prefix = str(uuid.uuid4()), f"{self._fleet.broker.namespace}:default"
        self.send("work", key="before")
        with self._fleet.client() as client:
            client.hset(f"{prefix}:messages", task_id, GARBAGE)
            client.zadd(f"{prefix}:pending", {task_id: time.time() * 1000 * PLACES})


class Stock:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._client = redis.Redis.from_url(fleet.redis_url)
        self._broker = RedisBroker(client=self._client, middleware=[])  # type: ignore[no-untyped-call]  # Dramatiq is typed in part

    def start(self, *, slots: int = 2, **env: str) -> Worker:
        worker = self._fleet.launch(
            "dramatiq", "tests.support.faults.stock", "--processes", "1", "--threads", str(slots), **env
        )
        eventually(lambda: "ready for action" in worker.log, within=STARTS_WITHIN)
        return worker

    def send(self, actor: str, *, delay: int | None = None, **arguments: Any) -> None:
        message: Message[Any] = Message(
            queue_name="default", actor_name=actor, args=(), kwargs=arguments, options={}
        )
        self._broker.declare_queue("default")
        self._broker.enqueue(message, delay=delay)

    def send_garbage(self) -> None:
        task_id = str(uuid.uuid4())
        self.send("work", key="before")
        self._client.hset("dramatiq:default.msgs", task_id, GARBAGE)
        self._client.rpush("dramatiq:default", task_id)
