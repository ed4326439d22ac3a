"""Whatever happens in whatever order: a task is in one state, none is lost, one worker at a time has it."""

from collections.abc import Mapping
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.inspection.task_decoding import STATES
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.timing import ARCHIVE_MOST
from internal.ports.task_inspector import APPLIES_TO, TaskAction
from internal.ports.tasks import TaskState
from tests.support.faults.rounds import IS_LONG
from tests.support.taskqueue.engine import PREFIX, Engine, Hand

QUEUES = st.sampled_from(["critical", "default", "low"])
WORKERS = st.integers(0, 2)
IDS = st.integers(0, 15).map(str)
HOUR = 3_600_000  # milliseconds
OUTCOMES = st.sampled_from(
    [DONE, RELEASED, Outcome(Kind.RETRY, 0), Outcome(Kind.SCHEDULED, HOUR), Outcome(Kind.ARCHIVED)]
)
UNIQUE = {"lock": "digest", "lock_for": HOUR}
AT_ONCE = 2
LIMITED = {"limit": "digest", "max_running": AT_ONCE}
TERMS: st.SearchStrategy[Mapping[str, Any]] = st.sampled_from([{}, {}, UNIQUE, LIMITED])
ANEW = (
    '{"queue_name":"default","actor_name":"noop","args":[],"kwargs":{},"options":{},'
    '"message_id":"1","message_timestamp":0}'
)
ACTIONS: dict[TaskAction, tuple[scripts.Script, *tuple[Any, ...]]] = {
    TaskAction.RUN: (scripts.RUN, [ANEW]),
    TaskAction.ARCHIVE: (scripts.ARCHIVE, ARCHIVE_MOST),
    TaskAction.DELETE: (scripts.DELETE,),
    TaskAction.CANCEL: (scripts.CANCEL,),
}
BECOMES = {
    TaskAction.RUN: TaskState.PENDING,
    TaskAction.ARCHIVE: TaskState.ARCHIVED,
    TaskAction.CANCEL: TaskState.ACTIVE,
}
EXAMPLES = 1000 if IS_LONG else 15


class Interleavings(RuleBasedStateMachine):
    """Three workers on one Redis, and a model of which tasks there must be."""

    redis_url: str

    def __init__(self) -> None:
        super().__init__()
        client = redis.Redis.from_url(self.redis_url)
        client.flushdb()
        self.engine = Engine(self.redis_url, client)
        self.hands = [Hand(self.engine) for _ in range(3)]
        self.lease: list[dict[str, Delivery]] = [{}, {}, {}]
        self.expected: set[str] = set()
        self.terms: dict[str, Mapping[str, Any]] = {}

    def teardown(self) -> None:
        self.engine.client.close()

    @rule(number=IDS, queue=QUEUES, delay=st.sampled_from([0, 0, HOUR]), terms=TERMS)
    def publish(self, number: str, queue: str, delay: int, terms: Mapping[str, Any]) -> None:
        task_id = f"{queue}-{number}"
        is_equal = "lock" in terms and bool(self.unfinished_with(terms, queue=queue))
        [[_, was_there, *_]] = self.engine.publish(task_id, queue=queue, delay=delay, terms=terms)
        assert bool(was_there) == (task_id in self.expected or is_equal)
        if not was_there:
            self.expected.add(task_id)
            self.terms[task_id] = terms

    @rule(worker=WORKERS, total=st.integers(1, 5), ahead=st.integers(0, 2))
    def fetch(self, worker: int, total: int, ahead: int) -> None:
        for delivery in self.hands[worker].fetch(total, direct=max(0, total - ahead)):
            self.lease[worker][delivery.task_id] = delivery

    @rule(worker=WORKERS, total=st.integers(1, 5))
    def fetch_and_lose_the_reply(self, worker: int, total: int) -> None:
        self.hands[worker].fetch(total)
        self.hands[worker].extend(*self.lease[worker].values(), reconcile=True)

    @rule(worker=WORKERS, outcome=OUTCOMES, data=st.data())
    def settle(self, worker: int, outcome: Outcome, data: Any) -> None:
        if not self.lease[worker]:
            return
        task_id = data.draw(st.sampled_from(sorted(self.lease[worker])))
        delivery = self.lease[worker].pop(task_id)
        rejected = self.hands[worker].settle(delivery, outcome)
        if outcome is DONE and not rejected:
            self.expected.discard(task_id)
        assert self.hands[worker].settle(delivery) == {task_id}  # an outcome counts once

    @rule(worker=WORKERS)
    def crash(self, worker: int) -> None:
        """Its leases lapse; a new process takes its place, and the old one's outcomes no longer count."""
        for delivery in self.lease[worker].values():
            if not self.hands[worker].extend(delivery):
                self.engine.make_due(delivery.task_id, state="active", queue=delivery.queue)
        self.lease[worker] = {}
        self.hands[worker] = Hand(self.engine)

    @rule(worker=WORKERS)
    def extend(self, worker: int) -> None:
        for task_id in self.hands[worker].extend(*self.lease[worker].values()):
            del self.lease[worker][task_id]

    @rule()
    def outage(self) -> None:
        self.engine.client.set(f"{PREFIX}:seen", 1)

    @rule(queue=QUEUES, paused=st.booleans())
    def pause(self, queue: str, paused: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by name
        self.engine.call(scripts.PAUSE, (queue, int(paused)))

    @rule(action=st.sampled_from(list(TaskAction)), data=st.data())
    def act(self, action: TaskAction, data: Any) -> None:
        """An operator does something to a task, in whatever state it is."""
        if not self.expected:
            return
        task_id = data.draw(st.sampled_from(sorted(self.expected)))
        queue, before = task_id.partition("-")[0], STATES[self.engine.states()[task_id]]
        script, *more = ACTIONS[action]
        is_locked_out = (
            (action, before) == (TaskAction.RUN, TaskState.ARCHIVED)
            and self.terms[task_id] == UNIQUE
            and bool(self.unfinished_with(UNIQUE, queue=queue))
        )
        [precheck] = self.engine.call(script, (queue, [task_id], *more))
        assert bool(precheck) == (before not in APPLIES_TO[action] or is_locked_out)
        if action is TaskAction.DELETE and not precheck:
            self.expected.discard(task_id)
        elif not precheck:
            assert STATES[self.engine.states()[task_id]] is BECOMES[action]

    @invariant()
    def every_task_is_in_one_state(self) -> None:
        assert set(self.engine.states()) == self.expected

    @invariant()
    def of_equal_tasks_one_is_unfinished(self) -> None:
        for queue in self.hands[0].weights:
            assert len(self.unfinished_with(UNIQUE, queue=queue)) <= 1

    @invariant()
    def no_more_run_than_may(self) -> None:
        limited = {
            f"{task_id.split('-')[0]}:{task_id}"
            for task_id, state in self.engine.states().items()
            if state == "active" and self.terms[task_id] == LIMITED
        }
        running: Any = self.engine.client.zrange(f"{PREFIX}:limit:digest:running", 0, -1)
        assert {member.decode() for member in running} == limited
        assert len(limited) <= AT_ONCE

    def unfinished_with(self, terms: Mapping[str, Any], *, queue: str) -> list[str]:
        return [
            task_id
            for task_id, state in self.engine.states().items()
            if self.terms[task_id] == terms and task_id.startswith(queue) and state != "archived"
        ]

    @invariant()
    def one_worker_at_a_time_holds_a_task(self) -> None:
        states = self.engine.states()
        for worker, held in enumerate(self.lease):
            lost = set(self.hands[worker].extend(*held.values()))
            assert all(states.get(task_id) == "active" for task_id in held.keys() - lost)
        with_token: set[str] = set()
        for queue in self.hands[0].weights:
            ids: Any = self.engine.client.hkeys(f"{PREFIX}:{queue}:tokens")
            with_token.update(task_id.decode() for task_id in ids)
        assert with_token == {task_id for task_id, state in states.items() if state == "active"}


@pytest.mark.timeout(3600 if IS_LONG else 120)
def test_no_interleaving_loses_or_doubles_a_task(redis_url: str) -> None:
    Interleavings.redis_url = redis_url

    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
