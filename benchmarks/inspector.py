"""Measure the time to read a page of 1,000,000 tasks, and to act on it.

`python -m benchmarks.inspector` fills one queue and looks at its beginning, its end and its middle; the
filtered pages find nothing, and so look at as many tasks as they may.
"""

import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import redis.asyncio

from benchmarks.engine import Engine, key
from benchmarks.report import Figure, Target, arguments, conclude
from benchmarks.services import running_services
from internal.infrastructure.taskqueue.connections.connection import connect, pool_of
from internal.infrastructure.taskqueue.inspection.cursors import to_cursor
from internal.infrastructure.taskqueue.inspection.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.scheduling.periodic import MessageEncoder
from internal.infrastructure.taskqueue.scheduling.schedule_inspector import ScheduleInspector
from internal.ports.task_inspector import TaskAction, TaskFilter
from internal.ports.tasks import TaskState

ROUNDS = 20
COUNT = 1_000_000  # tasks
LONGEST = 50  # ms
NOTHING = TaskFilter(payload="is in none of them")

Look = Callable[[], Awaitable[Any]]


async def act_on_page(inspector: RedisTaskInspector, action: TaskAction) -> None:
    page = await inspector.tasks("default", TaskState.PENDING, size=100)
    result = await inspector.act(action, "default", [task.id for task in page.tasks])
    if result.refused:
        raise RuntimeError(f"refused: {result.refused}")


def looks(inspector: RedisTaskInspector, *, middle: str) -> Mapping[str, Look]:
    def page(*, newest_first: bool, cursor: str | None = None, only: TaskFilter | None = None) -> Look:
        return lambda: inspector.tasks(
            "default", TaskState.PENDING, newest_first=newest_first, cursor=cursor, only=only
        )

    return {
        "all queues": inspector.queues,
        "a page of 30, newest first": page(newest_first=True),
        "a page of 30, oldest first": page(newest_first=False),
        "the same from the middle, newest first": page(newest_first=True, cursor=middle),
        "the same from the middle, oldest first": page(newest_first=False, cursor=middle),
        "filtered, newest first": page(newest_first=True, only=NOTHING),
        "filtered, from the middle, oldest first": page(newest_first=False, cursor=middle, only=NOTHING),
        "archive a page of 100": lambda: act_on_page(inspector, TaskAction.ARCHIVE),
        "delete a page of 100": lambda: act_on_page(inspector, TaskAction.DELETE),
    }


async def milliseconds(look: Look, *, rounds: int) -> list[float]:
    samples = []
    for _ in range(rounds):
        started = time.perf_counter()
        await look()
        samples.append((time.perf_counter() - started) * 1000)
    return samples


async def middle_of(client: redis.asyncio.Redis, count: int) -> str:
    """Return the cursor of a page that starts there."""
    place = count // 2
    member: Any = await client.zrange(key("default", "pending"), place, place, withscores=True)
    task_id, score = member[0]
    return to_cursor((f"{score:.0f}", task_id.decode()))


async def measure(url: str, publisher: MessageEncoder, *, count: int, rounds: int) -> list[Figure]:
    async with connect(url) as client:
        inspector = RedisTaskInspector(
            client,
            namespace=hash_tag(NAMESPACE),
            timing=Timing(),
            completion_log=None,
            schedules=ScheduleInspector(
                pool_of(url), namespace=hash_tag(NAMESPACE), entries=list, encoder=publisher, new_id=uuid4
            ),
        )
        found = looks(inspector, middle=await middle_of(client, count))
        return [
            Figure(what, await milliseconds(look, rounds=rounds), "ms", Target(LONGEST))
            for what, look in found.items()
        ]


def main() -> None:
    options = arguments(__doc__, rounds=ROUNDS, count=COUNT)
    with running_services():
        url = os.environ["REDIS_URL"]
        engine = Engine(url)
        engine.publish(options.count)
        figures = engine.run(measure(url, engine.publisher, count=options.count, rounds=options.rounds))
    conclude(figures)


if __name__ == "__main__":
    main()
