"""Features that meet: each keeps its promise, as docs/background-jobs.md says it of pairs of them."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.protocol.timing import MAX_CRASHES
from internal.ports.task_inspector import APPLIES_TO, TaskAction
from internal.ports.tasks import TaskOptions, TaskState
from tests.support.faults.rounds import IS_LONG
from tests.support.queue_contents import Queued
from tests.support.taskqueue.engine import WEIGHTS
from tests.support.taskqueue.feature_expectations import WhatIsKnown
from tests.support.taskqueue.feature_site import AT_ONCE, GIVEN_UP, HOUR, is_refused, name_of

EXAMPLES = 500 if IS_LONG else 8
QUEUES = st.sampled_from(sorted(WEIGHTS))
WORKERS = st.integers(0, 1)
SUSPECT_FROM = 2  # crashes
UNIQUE: dict[str, Any] = {"unique_for": HOUR, "unique_key": "one"}
LIMITED: dict[str, Any] = {"limit_key": "tenant", "max_running": AT_ONCE}
RETAINED: dict[str, Any] = {"retention": HOUR}
NOW = st.sampled_from([{}, UNIQUE, LIMITED, LIMITED, RETAINED, UNIQUE | RETAINED, UNIQUE | LIMITED])
OPTIONS = st.one_of(NOW, NOW, NOW.map(lambda options: options | {"delay": HOUR}))
LATER = st.sampled_from([Kind.RETRY, Kind.SCHEDULED])


class Pairs(WhatIsKnown):
    @initialize(is_about_the_limit=st.booleans(), turns=st.lists(st.integers(1, 5), max_size=4))
    def choose(self, is_about_the_limit: bool, turns: list[int]) -> None:  # noqa: FBT001 - Hypothesis gives it by name
        """Half of the runs are about one limit with a long line, the others begin with refused followers."""
        self.is_about_the_limit = is_about_the_limit
        if is_about_the_limit:
            self.publish([*WEIGHTS, *WEIGHTS], {})
        else:
            self.publish_chain([("default", UNIQUE), ("default", UNIQUE), ("low", UNIQUE)])
            self.publish_group("low", UNIQUE)
            for total in turns:
                self.work(0, total)

    @rule(queues=st.lists(QUEUES, min_size=1, max_size=6), options=OPTIONS)
    def publish(self, queues: list[str], options: dict[str, Any]) -> None:
        for queue in queues:
            name = f"t{len(self.options)}"
            given = options | LIMITED if self.is_about_the_limit else options
            publication = self.new(name, TaskOptions(queue=queue, **given))
            expected = self.is_locked_out(name, self.site.tasks())
            assert self.site.publish(publication) == [expected]
            self.begin(name)

    @precondition(lambda self: not self.is_about_the_limit)
    @rule(options=st.lists(st.tuples(QUEUES, NOW), min_size=2, max_size=3))
    def publish_chain(self, options: list[tuple[str, dict[str, Any]]]) -> None:
        chain = f"c{len(self.options)}"
        steps = [
            self.new(f"{chain}.{number}", TaskOptions(queue=queue, **given))
            for number, (queue, given) in enumerate(options)
        ]
        failed = self.new(f"{chain}.failed", TaskOptions())
        expected = self.is_locked_out(f"{chain}.0", self.site.tasks())
        receipt = self.site.wait(self.site.publisher.publish_chain(steps, on_failure=failed))
        assert receipt.duplicate == expected
        self.chains[chain] = len(steps)
        self.begin(f"{chain}.0")

    @precondition(lambda self: not self.is_about_the_limit)
    @rule(queue=QUEUES, then=NOW)
    def publish_group(self, queue: str, then: dict[str, Any]) -> None:
        group = f"g{len(self.options)}"
        members = [self.new(f"{group}.{number}", TaskOptions(queue=queue)) for number in range(AT_ONCE)]
        follower = self.new(f"{group}.then", TaskOptions(queue=queue, **then))
        failed = self.new(f"{group}.failed", TaskOptions())
        publish = self.site.publisher.publish_group(members, then=follower, on_failure=failed)
        assert not any(receipt.duplicate for receipt in self.site.wait(publish))
        self.groups[group] = set()

    @rule(worker=WORKERS, total=st.integers(1, 3))
    def fetch(self, worker: int, total: int) -> None:
        self.take(worker, total)

    def take(self, worker: int, total: int) -> int:
        deliveries = self.site.fetch(worker, total)
        for delivery in deliveries:
            name = name_of(delivery)
            assert delivery.queue not in self.paused
            assert name not in self.waits_on_purpose
            assert delivery.crashes == self.crashes[name] <= MAX_CRASHES
            assert delivery.suspect == (name in self.suspects)
            assert is_refused(delivery) == (name in self.cancelled or self.crashes[name] == MAX_CRASHES)
            if is_refused(delivery):
                self.end(worker, name, GIVEN_UP)
        return len(deliveries)

    def end(self, worker: int, name: str, outcome: Outcome) -> None:
        before = self.site.tasks()
        if outcome.kind is Kind.DONE:
            expected = self.success_of(name, before)
        else:
            expected = self.failure_of(name) if outcome.kind is Kind.ARCHIVED else []
        assert self.site.settle(worker, name, outcome)
        self.check_followers(before, expected)

    def drawn(self, data: Any, worker: int) -> str:
        name: str = data.draw(st.sampled_from(sorted(self.site.held[worker])))
        return name

    @precondition(lambda self: any(self.site.held))
    @rule(worker=WORKERS, data=st.data())
    def succeed(self, worker: int, data: Any) -> None:
        if self.site.held[worker]:
            self.do(worker, self.drawn(data, worker))

    @precondition(lambda self: not self.is_about_the_limit)
    @rule(worker=WORKERS, total=st.integers(1, 5))
    def work(self, worker: int, total: int) -> None:
        self.take(worker, total)
        for name in list(self.site.held[worker]):
            self.do(worker, name)

    def do(self, worker: int, name: str) -> None:
        kept = self.options[name].retention // timedelta(milliseconds=1)
        self.end(worker, name, Outcome(Kind.DONE, kept))

    @precondition(lambda self: any(self.site.held))
    @rule(worker=WORKERS, data=st.data(), outcome=st.sampled_from([GIVEN_UP, RELEASED]))
    def give_up_or_hand_back(self, worker: int, data: Any, outcome: Outcome) -> None:
        if self.site.held[worker]:
            self.end(worker, self.drawn(data, worker), outcome)

    @precondition(lambda self: any(self.site.held))
    @rule(worker=WORKERS, data=st.data(), kind=LATER)
    def put_off(self, worker: int, data: Any, kind: Kind) -> None:
        if self.site.held[worker]:
            name = self.drawn(data, worker)
            self.end(worker, name, Outcome(kind, HOUR // timedelta(milliseconds=1)))
            self.waits_on_purpose.add(name)

    @precondition(lambda self: any(self.site.held))
    @rule(worker=WORKERS)
    def crash(self, worker: int) -> None:
        self.crashes.update(self.site.crash(worker))
        self.suspects |= {name for name, times in self.crashes.items() if times >= SUSPECT_FROM}

    @precondition(lambda self: any(self.site.held))
    @rule(worker=WORKERS, action=st.sampled_from([None, None, TaskAction.DELETE, TaskAction.ARCHIVE]))
    def take_back_a_place(self, worker: int, action: TaskAction | None) -> None:
        """A place is free, and then the task that has the offer cannot take it."""
        self.fill(worker)
        held = [(worker, name) for worker, names in enumerate(self.site.held) for name in names]
        for holder, name in [(holder, name) for holder, name in held if self.options[name].limit_key][:1]:
            self.do(holder, name)
        tasks = self.site.tasks()
        offered = [
            name for name, task in tasks.items() if task.state == "pending" and self.options[name].limit_key
        ]
        for name in offered:
            if action:
                self.act_on(name, action, self.site.tasks())
            else:
                self.pause(tasks[name].queue, is_paused=True, worker=worker)
        self.fill(worker)

    @rule(queue=QUEUES, is_paused=st.booleans(), worker=WORKERS)
    def pause(self, queue: str, is_paused: bool, worker: int) -> None:  # noqa: FBT001 - Hypothesis gives it by name
        inspector = self.site.inspector
        self.site.wait(inspector.pause(queue) if is_paused else inspector.resume(queue))
        (self.paused.add if is_paused else self.paused.discard)(queue)
        self.fill(worker)

    @rule(action=st.sampled_from(list(TaskAction)), data=st.data())
    def act(self, action: TaskAction, data: Any) -> None:
        if tasks := self.site.tasks():
            self.act_on(data.draw(st.sampled_from(sorted(tasks))), action, tasks)

    def act_on(self, name: str, action: TaskAction, tasks: dict[str, Queued]) -> None:
        state = TaskState({"suspects": "pending"}.get(tasks[name].state, tasks[name].state))
        is_anew = (action, state) == (TaskAction.RUN, TaskState.ARCHIVED)
        is_possible = state in APPLIES_TO[action] and not (is_anew and self.is_locked_out(name, tasks))
        assert self.site.act(action, tasks[name]) == is_possible
        if not is_possible:
            return
        self.check_followers(tasks, self.failure_of(name) if action is TaskAction.ARCHIVE else [])
        if action is TaskAction.CANCEL:
            self.cancelled.add(name)
        elif action is TaskAction.RUN:
            self.cancelled.discard(name)
            self.waits_on_purpose.discard(name)
            self.crashes[name] = 0 if is_anew else self.crashes[name]

    @rule(worker=WORKERS)
    def fill(self, worker: int) -> None:
        """A worker takes all that there is: no place of the limit is left while a task could take it."""
        for _ in self.site.tasks():  # one suspect in a call
            self.take(worker, 50)
            tasks = [task for task in self.site.tasks().items() if task[1].queue not in self.paused]
            if not any(task.state in {"pending", "suspects"} for _, task in tasks):
                break
        else:
            assert not self.site.tasks()
            return
        waiting = [
            name for name, task in tasks if task.state == "scheduled" and name not in self.waits_on_purpose
        ]
        assert not waiting or self.running(self.site.tasks()) == AT_ONCE

    @invariant()
    def the_limit_and_the_locks_hold(self) -> None:
        tasks = self.site.tasks()
        assert self.running(tasks) <= AT_ONCE
        assert all(len(self.holders(queue, tasks)) <= 1 for queue in WEIGHTS)


@pytest.mark.timeout(3600 if IS_LONG else 120)
def test_features_that_meet_keep_what_each_promises(redis_url: str) -> None:
    Pairs.redis_url = redis_url

    run_state_machine_as_test(
        Pairs,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
