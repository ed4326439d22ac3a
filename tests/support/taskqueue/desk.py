"""Tasks put into Redis in the state that a test of what operators see needs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.settlements import Settlement
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.attempt_note import AttemptNote, encode_note
from internal.infrastructure.taskqueue.protocol.failure_mark import encode_mark, mark_of
from internal.ports.tasks import TaskState
from tests.support.taskqueue.engine import NO_DEADLINE, PREFIX, Engine, Hand

HOUR = 3_600_000  # milliseconds


@dataclass
class Desk:
    """A worker that does with each task what the test says."""

    engine: Engine

    def __post_init__(self) -> None:
        self.hand = Hand(self.engine)
        self.held: dict[str, Delivery] = {}

    def add(  # noqa: PLR0913 - a test says only what matters to it
        self,
        task_id: str,
        state: TaskState = TaskState.PENDING,
        *,
        queue: str = "default",
        name: str = "work",
        payload: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        terms: Mapping[str, Any] | None = None,
        error: str = "",
        frame: str = "",
        wait: int = HOUR,
        age: int = 0,
    ) -> None:
        """`wait` is in ms: until a scheduled task, or one that failed with `error`, may start.

        age: the ms since it was published.
        frame: where it failed.
        """
        time.sleep(0.002)  # what came at different times has different scores
        message = {
            "queue_name": queue,
            "actor_name": name,
            "args": [],
            "kwargs": payload or {},
            "options": {"max_retries": 25, "time_limit": 60_000, **(options or {})},
            "message_id": task_id,
            "message_timestamp": int(time.time() * 1000) - age,
        }
        encoded = msgspec.json.encode(message)
        delay = wait if state is TaskState.SCHEDULED else 0
        self.engine.call(
            scripts.PUBLISH, [(queue, task_id, scripts.text(encoded), delay, NO_DEADLINE, terms or {})]
        )
        if state not in {TaskState.PENDING, TaskState.SCHEDULED}:
            self.take(task_id)
        if state in _KINDS:
            note = msgspec.json.encode({"retries": 0, "error": error}) if error else b""
            mark = encode_mark(mark_of(name, error.partition(":")[0], frame)) if error else b""
            self.end(task_id, Outcome(_KINDS[state], wait, note=note, mark=mark))

    def add_many(self, count: int, state: TaskState = TaskState.PENDING) -> None:
        """Tasks "0000", "0001", ... that wait, in this order."""
        ids = [f"{number:04}" for number in range(count)]
        self.engine.publish(*ids, delay=HOUR if state is TaskState.SCHEDULED else 0)

    def take(self, task_id: str) -> None:
        """Fetch this one, and give the others back."""
        fetched = {delivery.task_id: delivery for delivery in self.hand.fetch(500)}
        self.held[task_id] = fetched.pop(task_id)
        others = [Settlement(other.lease, RELEASED) for other in reversed(fetched.values())]
        self.hand.turn(others)

    def fail(self, task_id: str, note: AttemptNote, *, wait: int = HOUR) -> None:
        """End an attempt so that another one is due in `wait` ms."""
        time.sleep(0.002)  # Redis keeps one failure of a task per millisecond
        self.end(task_id, Outcome(Kind.RETRY, wait, note=encode_note(note)))

    def end(self, task_id: str, outcome: Outcome) -> None:
        self.hand.settle(self.held.pop(task_id), outcome)

    def keys(self, queue: str) -> list[bytes]:
        return sorted(self.engine.client.scan_iter(f"{PREFIX}:{queue}:*"))


_KINDS = {
    TaskState.RETRY: Kind.RETRY,
    TaskState.ARCHIVED: Kind.ARCHIVED,
    TaskState.COMPLETED: Kind.DONE,
}
