import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any, NamedTuple

import structlog
from redis.asyncio import ConnectionPool

from internal.infrastructure.taskqueue.connections.connection import OUTAGES, DedicatedConnection
from internal.infrastructure.taskqueue.connections.error_reasons import why
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.redis_time import EPOCH, RedisTime, to_moment, to_ms
from internal.infrastructure.taskqueue.protocol.stored_message import StoredMessage
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.taskqueue.scheduling.periodic import TaskRows, ValidatedEntry

log = structlog.get_logger(__name__)

ANNOUNCE_EVERY = timedelta(seconds=15)
SHOWN_FOR = timedelta(minutes=5)
# A yearly entry keeps its last slot for as long as any worker has it, and then for as long as the archive.
KEPT_FOR = timedelta(days=90)
SHORTEST_SLEEP = 0.001  # seconds: timers may ring a little early
SHORTEST_PAUSE = 0.05  # seconds between attempts to reach Redis, doubled up to
LONGEST_PAUSE = 1.0


class Slot(NamedTuple):
    entry: str
    at: datetime
    message: StoredMessage


@dataclass(slots=True)
class Progress:
    """How far an entry has got: all slots up to `base` are over."""

    entry: ValidatedEntry
    base: datetime = EPOCH
    next: datetime | None = None

    def move_to(self, base: datetime) -> None:
        self.base = base
        self.next = self.entry.timetable.after(base)

    def gives_up_before(self, now: datetime) -> datetime | None:
        """The moment before which slots are too old; None if there are none."""
        oldest = now - self.entry.periodic.catch_up
        return oldest if self.next and self.next < oldest else None

    def due(self, now: datetime) -> Iterator[datetime]:
        slot = self.next
        while slot and slot <= now:
            yield slot
            slot = self.entry.timetable.after(slot)


class Scheduler:
    """Publishes the tasks of periodic entries when their slots come; every worker has one.

    All of them try each slot, and the first is the one: a script stores the task and remembers the slot in
    the same step. So it does not matter how many there are, which of them dies, and which reply is lost. In
    between they sleep.
    """

    def __init__(
        self, entries: Iterable[ValidatedEntry], *, rows: TaskRows, pool: ConnectionPool, namespace: str
    ) -> None:
        self._entries = {entry.name: Progress(entry) for entry in entries}
        self._rows = rows
        self._wire = DedicatedConnection(pool)
        self._namespace = namespace
        self._time = RedisTime()
        self._announce_at = 0.0  # by the monotonic clock
        self._pause = SHORTEST_PAUSE
        self._is_cut_off = False

    async def run(self) -> None:
        """Publish what comes due until cancelled, through any outage."""
        try:
            while self._entries:
                pause = await self._turn()
                await asyncio.sleep(pause)
        finally:
            await self._wire.close()

    async def _turn(self) -> float:
        """Do all there is to do; returns the seconds until there is more."""
        try:
            if time.monotonic() >= self._announce_at:
                await self._announce()
            await self._publish_due()
        except OUTAGES as error:
            return self._wait_for_redis(error)
        except Exception:
            log.exception("schedule.failed")  # a defect, which must not end the schedule
            return LONGEST_PAUSE
        if self._is_cut_off:
            log.info("schedule.reachable")
            self._is_cut_off, self._pause = False, SHORTEST_PAUSE
        return self._until_next()

    def _wait_for_redis(self, error: BaseException) -> float:
        if not self._is_cut_off:
            log.warning("schedule.unreachable", reason=why(error))
        self._is_cut_off = True
        self._announce_at = (
            0.0  # what others have done meanwhile, or we without hearing of it, is asked first
        )
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        return pause

    def _until_next(self) -> float:
        soonest = min((entry.next for entry in self._entries.values() if entry.next), default=None)
        until = self._announce_at - time.monotonic()
        if soonest:
            until = min(until, (soonest - self._time.now).total_seconds())
        return max(until, SHORTEST_SLEEP)

    async def _announce(self) -> None:
        entries = [
            (
                entry.name,
                entry.periodic.spec,
                entry.periodic.time_zone,
                entry.periodic.task.task_name,
                entry.options.queue,
            )
            for entry in (progress.entry for progress in self._entries.values())
        ]
        request = (
            milliseconds(SHOWN_FOR),
            int(KEPT_FOR.total_seconds()),
            milliseconds(ANNOUNCE_EVERY),
            entries,
        )
        now, bases, *pulled_back = await scripts.ANNOUNCE_SCHEDULE.call(self._wire, self._namespace, request)
        self._time.tell(now)
        if pulled_back:
            log.warning("schedule.pulled_back", entries=[name.decode() for name in pulled_back[0]])
        self._announce_at = time.monotonic() + ANNOUNCE_EVERY.total_seconds()
        for progress, base in zip(self._entries.values(), bases, strict=True):
            progress.move_to(
                to_moment(base)
            )  # also backwards: a Redis that has lost the slot has lost its task

    async def _publish_due(self) -> None:
        while True:
            now = self._time.now
            missed = self._missed(now)
            slots = list(_for_one_call(self._due(now)))
            if not (missed or slots):
                return
            await self._publish(missed, slots)

    def _missed(self, now: datetime) -> list[tuple[str, datetime, datetime]]:
        """Entries with slots that are too old: the first of these, and where catching up begins."""
        found = []
        for name, progress in self._entries.items():
            if (slot := progress.next) and (before := progress.gives_up_before(now)):
                progress.move_to(before)
                found.append((name, slot, before))
        return found

    def _due(self, now: datetime) -> Iterator[Slot]:
        return chain.from_iterable(
            (Slot(name, slot, self._message(progress.entry, slot)) for slot in progress.due(now))
            for name, progress in self._entries.items()
        )

    def _message(self, entry: ValidatedEntry, slot: datetime) -> StoredMessage:
        return self._rows.row(entry.periodic.task, task_id=task_id(entry.name, slot), options=entry.options)

    async def _publish(self, missed: Sequence[tuple[str, datetime, datetime]], slots: Sequence[Slot]) -> None:
        request = (
            [(name, to_ms(slot), to_ms(before)) for name, slot, before in missed],
            [(slot.entry, to_ms(slot.at), slot.message) for slot in slots],
        )
        reply = await scripts.ENQUEUE_SLOT.call(self._wire, self._namespace, request)
        self._read(reply, missed=missed, slots=slots)

    def _read(
        self,
        reply: Any,
        *,
        missed: Sequence[tuple[str, datetime, datetime]],
        slots: Sequence[Slot],
    ) -> None:
        now, given_up, results = reply
        if self._time.tell(now):
            self._announce_at = 0.0  # it pulls back the slots that were had too early
        for (name, slot, before), is_ours in zip(missed, given_up, strict=True):
            if is_ours:
                log.warning("schedule.missed", entry=name, since=slot.isoformat(), before=before.isoformat())
        for (name, slot, message), (base, is_ours, *other) in zip(slots, results, strict=True):
            self._entries[name].move_to(to_moment(base))
            if other:
                log.info("schedule.skipped", entry=name, task_id=message.task_id, other_id=other[0].decode())
            if is_ours:
                late = (to_moment(now) - slot).total_seconds()
                log.info("schedule.published", entry=name, task_id=message.task_id, late=round(late, 3))


def _for_one_call(slots: Iterable[Slot]) -> Iterator[Slot]:
    """As many of them as one call may store."""
    size = 0
    for count, slot in enumerate(islice(slots, scripts.MOST_AT_ONCE)):
        size += slot.message.size
        if count and size > scripts.CALL_BYTES:
            return
        yield slot


def task_id(name: str, slot: datetime) -> str:
    """The same wherever it is made: `<entry>:<slot>`, the slot in UTC as in `2030-01-01T09:00:00Z`."""
    precision = "milliseconds" if slot.microsecond else "seconds"
    return f"{name}:{slot.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision)}Z"
