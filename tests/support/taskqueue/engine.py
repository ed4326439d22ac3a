"""Workers without a process: each speaks with Redis by the engine's scripts, when the test says so."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import redis

from internal.infrastructure.taskqueue.delivery.arrivals import Fetched, read_fetch
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Outcome
from internal.infrastructure.taskqueue.delivery.settlements import (
    NOTHING,
    Demand,
    Extension,
    FetchRequest,
    Settlement,
    extend_request,
    fetch_request,
    read_extension,
)
from internal.infrastructure.taskqueue.delivery.worker_session import Session
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.fetch_size import FetchSize
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.worker.queue_shares import QueueLimit, QueueShares
from tests.support.queue_contents import queued

PREFIX = hash_tag(NAMESPACE)
LONG = Timing(lease=timedelta(seconds=60))
WEIGHTS = {"critical": 6, "default": 3, "low": 1}
NO_DEADLINE = -1


@dataclass
class Engine:
    """Redis as the scripts leave it."""

    url: str
    client: redis.Redis

    def publish(
        self,
        *ids: str,
        queue: str = "default",
        delay: int = 0,
        deadline: int = NO_DEADLINE,
        terms: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        message = (
            f'{{"queue_name":"{queue}","actor_name":"noop","args":[],"kwargs":{{}},'
            f'"options":{json.dumps(options or {})},"message_id":"%s","message_timestamp":0}}'
        )
        entries = [
            (queue, task_id, scripts.text((message % task_id).encode()), delay, deadline, terms or {})
            for task_id in ids
        ]
        return [
            stored
            for first in range(0, len(entries), scripts.MOST_AT_ONCE)
            for stored in self.call(scripts.PUBLISH, entries[first : first + scripts.MOST_AT_ONCE])
        ]

    def call(self, script: scripts.Script, request: Any) -> Any:
        return script.call_blocking(self.client, PREFIX, request)

    def states(self) -> dict[str, str]:
        """By task id; that each is in exactly one state is checked on the way."""
        tasks = queued(self.url)
        assert len({task.id for task in tasks}) == len(tasks)
        return {task.id: task.state for task in tasks}

    def line(self, queue: str = "default") -> list[str]:
        ids: Any = self.client.zrange(f"{PREFIX}:{queue}:pending", 0, -1)
        return [task_id.decode() for task_id in ids]

    def make_due(self, task_id: str, *, state: str, queue: str = "default") -> None:
        """As if its time had come; of an active task, as if its worker had been silent for a lease."""
        due = {"completed": "retained"}.get(state, state)
        self.client.zadd(f"{PREFIX}:{queue}:{due}", {task_id: 1})

    def let_worker_die(self, *ids: str, times: int = 1, queue: str = "default") -> None:
        """As if the worker that has these tasks had died, and others with them before; `times` in all."""
        for task_id in ids:
            if times > 1:
                self.client.hset(f"{PREFIX}:{queue}:task:{task_id}", "crashes", times - 1)
            self.make_due(task_id, state="active", queue=queue)

    def tokens(self, queue: str = "default") -> int:
        return int(self.client.llen(f"{PREFIX}:{queue}:wake"))

    def record(self, task_id: str, queue: str = "default") -> dict[bytes, bytes]:
        found: Any = self.client.hgetall(f"{PREFIX}:{queue}:task:{task_id}")
        return dict(found)


@dataclass
class Hand:
    """One worker's side."""

    engine: Engine
    weights: dict[str, int] = field(default_factory=lambda: dict(WEIGHTS))
    strict: bool = False
    limits: Mapping[str, QueueLimit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = Session()
        self.shares = QueueShares(self.weights, strict=self.strict, limits=self.limits)

    def turn(
        self, settlements: Sequence[Settlement] = (), *, total: int = 0, direct: int | None = None
    ) -> Fetched:
        demand = Demand(total=total, direct=total if direct is None else direct, suspect=total > 0)
        return self.call(self.request(settlements, demand))

    def request(self, settlements: Sequence[Settlement] = (), demand: Demand = NOTHING) -> FetchRequest:
        return fetch_request(
            self.session.next_call(),
            settlements,
            queues=self.shares.rows,
            is_strict=self.strict,
            demand=demand,
            size=FetchSize(),
            timing=LONG,
        )

    def call(self, request: FetchRequest) -> Fetched:
        fetched = read_fetch(self.engine.call(scripts.SETTLE_AND_FETCH, request), token=request.token)
        self.shares.owe(request.queues, fetched.credits)
        return fetched

    def fetch(self, total: int = 1, *, direct: int | None = None) -> list[Delivery]:
        return self.turn(total=total, direct=direct).deliveries

    def settle(self, delivery: Delivery, outcome: Outcome = DONE) -> set[str]:
        """The ids that were rejected."""
        rejected = self.turn([Settlement(delivery.lease, outcome)]).rejected
        return {delivery.task_id} if rejected else set()

    def extend(self, *held: Delivery, reconcile: bool = False) -> list[str]:
        """The ids of those that are lost."""
        return [lease.task_id for lease in self._extend(*held, reconcile=reconcile).lost]

    def cancelled_among(self, *held: Delivery) -> list[str]:
        """The ids of those that an operator has cancelled."""
        return [lease.task_id for lease in self._extend(*held, reconcile=False).cancelled]

    def _extend(self, *held: Delivery, reconcile: bool) -> Extension:
        if reconcile:
            self.session.begin_epoch()
        leases = [delivery.lease for delivery in held]
        request = extend_request(self.session, leases, reconcile=reconcile, timing=LONG)
        return read_extension(self.engine.call(scripts.EXTEND, request), request)


@contextmanager
def engine_on(redis_url: str) -> Iterator[Engine]:
    with redis.Redis.from_url(redis_url) as client:
        engine = Engine(redis_url, client)
        Hand(engine).turn()  # a worker was heard just now: leases may lapse
        yield engine
