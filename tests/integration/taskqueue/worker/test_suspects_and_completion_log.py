"""One suspect runs at a time, even while the completion log takes long to answer."""

import asyncio
from collections.abc import Mapping, Sequence

import dramatiq

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.fakes.completion_log import FakeCompletionLog
from tests.support.taskqueue.workers import send_stored, working


class SlowCompletionLog(FakeCompletionLog):
    async def closed(self, task_ids: Sequence[str]) -> Mapping[str, bool]:
        await asyncio.sleep(0.1)
        return await super().closed(task_ids)


def test_one_suspect_runs_at_a_time_although_the_ledger_is_asked_first(broker: RedisBroker) -> None:
    running = 0
    most = 0

    @dramatiq.actor(broker=broker)
    async def run() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.1)
        running -= 1

    queue = f"{broker.namespace}:default"
    for _ in range(4):
        task_id = send_stored(broker, run.message_with_options(outbox="first")).options["redis_message_id"]
        broker.client.zrem(f"{queue}:pending", task_id)
        broker.client.zadd(f"{queue}:suspects", {task_id: 1})
        broker.client.hset(f"{queue}:task:{task_id}", "crashes", 1)

    with working(broker, worker_threads=4, completion_log=SlowCompletionLog()) as worker:
        worker.join()

    assert most == 1
