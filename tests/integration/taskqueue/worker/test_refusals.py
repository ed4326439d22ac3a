"""What a worker does not start: unreadable, unknown and poisonous tasks."""

import json
from datetime import timedelta
from typing import Any

import dramatiq
import pytest
from dramatiq import Message

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.timing import MAX_CRASHES, Timing
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import SHORT, broker_on, working

READABLE: dict[str, Any] = {
    "queue_name": "default",
    "actor_name": "run",
    "args": [],
    "kwargs": {},
    "options": {},
    "message_id": "id",
    "message_timestamp": 0,
}
UNREADABLE = {
    "no JSON": b"no JSON",
    "not UTF-8": b'{"actor_name": "\xff"}',
    "not an object": b"[]",
    "nested too deeply": b"[" * 100_000,
    "a field too many": json.dumps({**READABLE, "more": 1}).encode(),
    "a field too few": b'{"queue_name": "default"}',
    "kwargs are a list": json.dumps({**READABLE, "kwargs": []}).encode(),
    "args are a number": json.dumps({**READABLE, "args": 1}).encode(),
    "options are null": json.dumps({**READABLE, "options": None}).encode(),
    "name is a list": json.dumps({**READABLE, "actor_name": ["run"]}).encode(),
    "empty": b"",
}


@pytest.fixture
def runs(broker: RedisBroker) -> list[str]:
    """What the actor `run` was given, each time that it ran."""
    runs: list[str] = []

    @dramatiq.actor(broker=broker)
    async def run(value: str) -> None:
        runs.append(value)

    return runs


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_message_is_archived_as_it_is_and_its_neighbours_run(
    broker: RedisBroker, runs: list[str], data: bytes
) -> None:
    run = broker.get_actor("run")
    run.send("before")
    broker.call(scripts.PUBLISH, [("default", "broken", scripts.text(data), 0, -1, {})])
    run.send("after")

    with working(broker):
        eventually(lambda: len(runs) == 2, within=5)
        eventually(lambda: broker.qsize("default") == 0, within=5)

    queue = f"{broker.namespace}:default"
    assert broker.client.zrange(f"{queue}:archived", 0, -1) == [b"broken"]
    assert broker.client.hget(f"{queue}:messages", "broken") == data


def test_a_task_whose_id_is_not_utf_8_is_archived_and_its_neighbours_run(
    broker: RedisBroker, runs: list[str]
) -> None:
    """Only another program than this one can store such a task."""
    message, task_id = json.dumps(READABLE).encode(), b"\xff\xfe"
    run = broker.get_actor("run")
    run.send("before")
    broker.call(scripts.PUBLISH, [("default", scripts.text(task_id), scripts.text(message), 0, -1, {})])
    run.send("after")

    with working(broker):
        eventually(lambda: len(runs) == 2, within=30)
        eventually(lambda: broker.qsize("default") == 0, within=30)

    assert broker.client.zrange(f"{broker.namespace}:default:archived", 0, -1) == [task_id]


def test_a_task_that_nobody_knows_is_offered_again_and_then_archived(redis_url: str) -> None:
    grace = timedelta(milliseconds=220)
    broker = broker_on(redis_url, timing=Timing(unknown_every=SHORT.unknown_every, unknown_grace=grace))
    broker.declare_queue("default")
    broker.enqueue(Message[None]("default", "of a newer version", (), {}, {}))

    with working(broker):
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=5)

    [task] = queued(redis_url)
    assert task.message.options["unknown"] == 4
    assert "retries" not in task.message.options


def test_a_task_that_nobody_knew_runs_once_somebody_does(broker: RedisBroker, redis_url: str) -> None:
    broker.declare_queue("default")
    broker.enqueue(Message[None]("default", "late", (), {}, {}))
    runs: list[bool] = []

    with working(broker):
        eventually(lambda: [task.state for task in queued(redis_url)] == ["scheduled"], within=5)

        @dramatiq.actor(broker=broker)
        async def late() -> None:
            runs.append(True)

        eventually(lambda: runs == [True], within=5)


def test_a_task_whose_workers_died_too_often_is_archived_unstarted(
    broker: RedisBroker, redis_url: str, runs: list[str]
) -> None:
    task_id = broker.get_actor("run").send("poison").options["redis_message_id"]
    broker.client.hset(f"{broker.namespace}:default:task:{task_id}", "crashes", MAX_CRASHES)

    with working(broker):
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=5)

    assert runs == []


def test_a_broken_option_does_not_count_a_failed_task_as_done(broker: RedisBroker, redis_url: str) -> None:
    def broken(*_: object) -> timedelta:
        raise ZeroDivisionError

    @dramatiq.actor(broker=broker, retry_delay=broken)
    async def fail() -> None:
        raise ConnectionError

    with working(broker):
        fail.send()
        eventually(lambda: not broker.qsize("default") or bool(settled(redis_url)), within=5)

    assert settled(redis_url) == ["retry"]


def settled(redis_url: str) -> list[str]:
    return [task.state for task in queued(redis_url) if task.state not in {"pending", "active"}]
