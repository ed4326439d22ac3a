from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from redis.asyncio import ConnectionPool

from internal.infrastructure.taskqueue.connections.connection import (
    DedicatedConnection,
    impatient,
    repeated,
    translated_outages,
)
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.any_bytes import readable
from internal.infrastructure.taskqueue.protocol.redis_time import to_moment
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.taskqueue.scheduling.periodic import MessageEncoder, ValidatedEntry
from internal.infrastructure.taskqueue.scheduling.scheduler import SHOWN_FOR
from internal.infrastructure.taskqueue.scheduling.timetable import parse_timetable
from internal.ports.task_schedules import EqualTaskExists, ScheduleNotFound
from internal.ports.task_snapshots import ScheduledRun, ScheduleInfo

# A reply of the scripts.
_NOT_ANNOUNCED = -1


class ScheduleInspector:
    """Reads the periodic tasks that workers have announced lately and their runs, and acts on them.

    entries: returns those of this version, checked.
    Every method raises Unavailable if Redis cannot be reached.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        namespace: str,
        entries: Callable[[], Sequence[ValidatedEntry]],
        encoder: MessageEncoder,
        new_id: Callable[[], UUID],
    ) -> None:
        self._connection = DedicatedConnection(pool, patience=impatient())
        self._namespace = namespace
        self._entries = entries
        self._encoder = encoder
        self._new_id = new_id

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
        key = f"{self._namespace}:schedule:{name}".encode(errors="surrogateescape")
        with translated_outages():
            if not await repeated(lambda: self._connection.call("EXISTS", key)):
                raise _not_found(name)
            runs = await repeated(lambda: self._connection.call("LRANGE", key + b":history", 0, size - 1))
        return [_run(run) for run in runs]

    async def run_schedule(self, name: str) -> str:
        entry = next((entry for entry in self._entries() if entry.name == name), None)
        if entry is None:
            raise _not_found(name)
        task_id = f"{name}:{self._new_id()}"
        task = self._encoder.encode(entry.periodic.task, task_id=task_id, options=entry.options)
        # Not repeated: after a lost reply, the task may have run.
        with translated_outages():
            refusal = await scripts.RUN_SCHEDULE.call(self._connection, self._namespace, (name, task))
        if refusal == _NOT_ANNOUNCED:
            raise _not_found(name)
        if refusal:
            raise EqualTaskExists(f"an equal task exists: {readable(refusal)}")
        return task_id

    async def pause_schedule(self, name: str) -> bool:
        return await self._set_paused(name, paused=True)

    async def resume_schedule(self, name: str) -> bool:
        return await self._set_paused(name, paused=False)

    async def _set_paused(self, name: str, *, paused: bool) -> bool:
        with translated_outages():
            changed = await repeated(
                lambda: scripts.PAUSE_SCHEDULE.call(self._connection, self._namespace, (name, int(paused)))
            )
        if changed == _NOT_ANNOUNCED:
            raise _not_found(name)
        return bool(changed)

    async def close(self) -> None:
        await self._connection.close()


def _not_found(name: str) -> ScheduleNotFound:
    return ScheduleNotFound(f"there is no schedule named {name!r}")


def _info(entry: Sequence[Any], *, now: datetime) -> ScheduleInfo:
    *texts, is_paused = entry
    name, spec, time_zone, task_name, queue, last = map(readable, texts)
    return ScheduleInfo(
        name=name,
        spec=spec,
        time_zone=time_zone,
        task_name=task_name,
        queue=queue,
        last=to_moment(int(last)) if last else None,
        next=_next(spec, time_zone, now=now),
        is_paused=bool(is_paused),
    )


def _next(spec: str, time_zone: str, *, now: datetime) -> datetime | None:
    try:
        return parse_timetable(spec, time_zone).after(now)
    except ValueError:
        # A newer worker announced a spec that this version cannot parse.
        return None


def _run(run: bytes) -> ScheduledRun:
    slot, published_at, task_id = readable(run).split(" ", 2)
    return ScheduledRun(task_id=task_id, slot=to_moment(int(slot)), published_at=to_moment(int(published_at)))
