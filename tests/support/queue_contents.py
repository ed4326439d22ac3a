"""The tasks in Redis, as an operator would find them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis
from dramatiq import Message

from internal.infrastructure.bootstrap.containers.taskqueue import QUEUES
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag

STATES = ("pending", "suspects", "active", "scheduled", "retry", "archived", "completed")


@dataclass(frozen=True)
class Queued:
    id: str
    queue: str
    state: str
    score: float
    message: Message[Any]

    @property
    def due(self) -> datetime:
        """The due time of a task that is scheduled or in retry."""
        return datetime.fromtimestamp(self.score / 1000, UTC)


def queued(redis_url: str, *, queues: tuple[str, ...] = QUEUES, namespace: str = NAMESPACE) -> list[Queued]:
    """Every task, each in exactly one state, by state and then in its order there."""
    with redis.Redis.from_url(redis_url) as client:
        found = []
        for queue in queues:
            prefix = f"{hash_tag(namespace)}:{queue}"
            with client.pipeline() as at_once:  # a worker may be moving tasks
                at_once.hgetall(f"{prefix}:messages")
                for state in STATES:
                    at_once.zrange(f"{prefix}:{state}", 0, -1, withscores=True)
                messages, *members = at_once.execute()
            for state, tasks in zip(STATES, members, strict=True):
                for task_id, score in tasks:
                    message = Message.decode(messages.pop(task_id))
                    found.append(Queued(task_id.decode(), queue, state, score, message))
            assert not messages, f"in no state: {set(messages)}"
    return sorted(found, key=lambda task: STATES.index(task.state))
