from collections.abc import Sequence
from datetime import datetime

from redis.asyncio import ConnectionPool

from internal.domain.errors import NotFound
from internal.infrastructure.taskqueue.connections.connection import (
    DedicatedConnection,
    impatient,
    repeated,
    translated_outages,
)
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.redis_time import to_moment
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.taskqueue.scheduling.scheduler import SHOWN_FOR
from internal.infrastructure.taskqueue.scheduling.timetable import parse_timetable
from internal.ports.task_snapshots import ScheduledRun, ScheduleInfo


class ScheduleNotFound(NotFound):
    code = "SCHEDULE_NOT_FOUND"


class ScheduleInspector:
    """Reads the periodic tasks that workers have announced lately, and their runs.

    Every method raises Unavailable if Redis cannot be reached.
    """

    def __init__(self, pool: ConnectionPool, *, namespace: str) -> None:
        self._connection = DedicatedConnection(pool, patience=impatient())
        self._namespace = namespace

    async def schedules(self) -> Sequence[ScheduleInfo]:
        """The periodic tasks, ordered by name."""
        with translated_outages():
            now, entries = await repeated(
                lambda: scripts.SCHEDULES.call(self._connection, self._namespace, (milliseconds(SHOWN_FOR),))
            )
        return [_info(entry, now=to_moment(now)) for entry in entries]

    async def schedule_history(self, name: str, *, size: int = 30) -> Sequence[ScheduledRun]:
        """The runs of an entry, newest first. Redis keeps 1,000, even after the entry is no longer listed.

        Raises:
            ScheduleNotFound: no worker has announced such an entry.
            ValueError: the size is not positive.
        """
        if size < 1:
            raise ValueError("size must be at least 1")
        key = f"{self._namespace}:schedule:{name}"
        with translated_outages():
            if not await repeated(lambda: self._connection.call("EXISTS", key)):
                raise ScheduleNotFound(f"there is no schedule named {name!r}")
            runs = await repeated(lambda: self._connection.call("LRANGE", f"{key}:history", 0, size - 1))
        return [_run(run) for run in runs]

    async def close(self) -> None:
        await self._connection.close()


def _info(entry: Sequence[bytes], *, now: datetime) -> ScheduleInfo:
    name, spec, time_zone, task_name, queue, last = (value.decode() for value in entry)
    return ScheduleInfo(
        name=name,
        spec=spec,
        time_zone=time_zone,
        task_name=task_name,
        queue=queue,
        last=to_moment(int(last)) if last else None,
        next=_next(spec, time_zone, now=now),
    )


def _next(spec: str, time_zone: str, *, now: datetime) -> datetime | None:
    try:
        return parse_timetable(spec, time_zone).after(now)
    except ValueError:
        # A newer worker announced a spec that this version cannot parse.
        return None


def _run(run: bytes) -> ScheduledRun:
    slot, published_at, task_id = run.decode().split(" ", 2)
    return ScheduledRun(task_id=task_id, slot=to_moment(int(slot)), published_at=to_moment(int(published_at)))
