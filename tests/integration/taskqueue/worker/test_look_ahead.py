"""Tasks that were fetched ahead of a free slot do not wait while another worker is idle."""

import asyncio
import threading

import dramatiq

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.polling import eventually
from tests.support.taskqueue.workers import broker_on, working

MEASURED = 20  # tasks, after which a worker with one slot knows that they are quick


def test_quick_tasks_behind_a_slow_one_go_to_an_idle_worker(broker: RedisBroker, redis_url: str) -> None:
    slow_may_end = threading.Event()
    ran: list[tuple[str, int]] = []

    def declare(broker: RedisBroker, name: str) -> None:
        @dramatiq.actor(broker=broker)
        async def quick(number: int) -> None:
            ran.append((name, number))

        @dramatiq.actor(broker=broker)
        async def slow() -> None:
            ran.append((name, -1))
            await asyncio.to_thread(slow_may_end.wait, 10)

    other = broker_on(redis_url)
    declare(broker, "busy")
    declare(other, "idle")
    quick, slow = broker.get_actor("quick"), broker.get_actor("slow")
    with working(broker, worker_threads=1) as busy:
        for _ in range(MEASURED):
            quick.send(0)
        busy.join()
        busy.pause()
        slow.send()
        for number in range(1, 6):
            quick.send(number)
        busy.resume()
        eventually(lambda: ("busy", -1) in ran, within=5)

        with working(other, worker_threads=1):
            eventually(lambda: ran[-5:] == [("idle", number) for number in range(1, 6)], within=2)
            slow_may_end.set()
    other.close()
