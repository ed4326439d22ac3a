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
from internal.infrastructure.taskqueue.connections.redis_errors import why
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.redis_time import EPOCH, RedisTime, to_moment, to_ms
from internal.infrastructure.taskqueue.protocol.stored_message import StoredMessage
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.taskqueue.scheduling.periodic import MessageEncoder, ValidatedEntry

log = structlog.get_logger(__name__)

ANNOUNCE_EVERY = timedelta(seconds=15)
SHOWN_FOR = timedelta(minutes=5)
# Entries are kept while a worker announces them, and then as long as archived tasks.
KEPT_FOR = timedelta(days=90)
# Seconds. Timers may fire slightly early.
MIN_SLEEP = 0.001
# Seconds between attempts to reach Redis. The delay doubles up to the maximum.
MIN_RETRY_DELAY = 0.05
MAX_RETRY_DELAY = 1.0


class Slot(NamedTuple):
    entry: str
    at: datetime
    message: StoredMessage


@dataclass(slots=True)
class Progress:
    """The state of an entry: all slots up to `base` are done."""

    entry: ValidatedEntry
    base: datetime = EPOCH
    next: datetime | None = None

    def move_to(self, base: datetime) -> None:
        self.base = base
        self.next = self.entry.timetable.after(base)

    def skip_before(self, now: datetime) -> datetime | None:
        """The time before which slots are too old to run, or None if no open slot is too old."""
        oldest = now - self.entry.periodic.catch_up
        return oldest if self.next and self.next < oldest else None

    def due(self, now: datetime) -> Iterator[datetime]:
        slot = self.next
        while slot and slot <= now:
            yield slot
            slot = self.entry.timetable.after(slot)


class Scheduler:
    """Publishes the tasks of periodic entries when their slots are due. Every worker runs a scheduler.

    All schedulers try each slot, and the first one wins: one script stores the task and records the slot.
    Schedulers that die and replies that get lost therefore do no harm.
    """

    def __init__(
        self,
        entries: Iterable[ValidatedEntry],
        *,
        encoder: MessageEncoder,
        pool: ConnectionPool,
        namespace: str,
    ) -> None:
        self._entries = {entry.name: Progress(entry) for entry in entries}
        self._encoder = encoder
        self._connection = DedicatedConnection(pool)
        self._namespace = namespace
        self._time = RedisTime()
        # Monotonic time.
        self._announce_at = 0.0
        self._retry_delay = MIN_RETRY_DELAY
        self._is_disconnected = False

    async def run(self) -> None:
        """Publish due tasks until cancelled. After an outage, continue."""
        try:
            while self._entries:
                pause = await self._run_once()
                await asyncio.sleep(pause)
        finally:
            await self._connection.close()

    async def _run_once(self) -> float:
        """Publish the due tasks, and return the seconds until the next step."""
        try:
            if time.monotonic() >= self._announce_at:
                await self._announce()
            await self._publish_due()
        except OUTAGES as error:
            return self._wait_for_redis(error)
        except Exception:
            # A bug in one step must not end the schedule.
            log.exception("schedule.failed")
            return MAX_RETRY_DELAY
        if self._is_disconnected:
            log.info("schedule.reachable")
            self._is_disconnected, self._retry_delay = False, MIN_RETRY_DELAY
        return self._until_next()

    def _wait_for_redis(self, error: BaseException) -> float:
        if not self._is_disconnected:
            log.warning("schedule.unreachable", reason=why(error))
        self._is_disconnected = True
        # First read which slots are done: other workers may have published, or a reply may be lost.
        self._announce_at = 0.0
        delay, self._retry_delay = self._retry_delay, min(self._retry_delay * 2, MAX_RETRY_DELAY)
        return delay

    def _until_next(self) -> float:
        soonest = min((entry.next for entry in self._entries.values() if entry.next), default=None)
        until = self._announce_at - time.monotonic()
        if soonest:
            until = min(until, (soonest - self._time.now).total_seconds())
        return max(until, MIN_SLEEP)

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
        now, bases, *pulled_back = await scripts.ANNOUNCE_SCHEDULE.call(
            self._connection, self._namespace, request
        )
        self._time.tell(now)
        if pulled_back:
            log.warning("schedule.pulled_back", entries=[name.decode() for name in pulled_back[0]])
        self._announce_at = time.monotonic() + ANNOUNCE_EVERY.total_seconds()
        for progress, base in zip(self._entries.values(), bases, strict=True):
            # This may move back: a Redis that lost the slot has also lost its task.
            progress.move_to(to_moment(base))

    async def _publish_due(self) -> None:
        while True:
            now = self._time.now
            missed = self._missed(now)
            slots = list(_for_one_call(self._due(now)))
            if not (missed or slots):
                return
            await self._publish(missed, slots)

    def _missed(self, now: datetime) -> list[tuple[str, datetime, datetime]]:
        """The entries with slots that are too old: name, first such slot, and time to continue from."""
        found = []
        for name, progress in self._entries.items():
            if (slot := progress.next) and (before := progress.skip_before(now)):
                progress.move_to(before)
                found.append((name, slot, before))
        return found

    def _due(self, now: datetime) -> Iterator[Slot]:
        return chain.from_iterable(
            (Slot(name, slot, self._message(progress.entry, slot)) for slot in progress.due(now))
            for name, progress in self._entries.items()
        )

    def _message(self, entry: ValidatedEntry, slot: datetime) -> StoredMessage:
        return self._encoder.encode(
            entry.periodic.task, task_id=task_id(entry.name, slot), options=entry.options
        )

    async def _publish(self, missed: Sequence[tuple[str, datetime, datetime]], slots: Sequence[Slot]) -> None:
        request = (
            [(name, to_ms(slot), to_ms(before)) for name, slot, before in missed],
            [(slot.entry, to_ms(slot.at), slot.message) for slot in slots],
        )
        reply = await scripts.ENQUEUE_SLOT.call(self._connection, self._namespace, request)
        self._read(reply, missed=missed, slots=slots)

    def _read(
        self,
        reply: Any,
        *,
        missed: Sequence[tuple[str, datetime, datetime]],
        slots: Sequence[Slot],
    ) -> None:
        now, skipped, results = reply
        if self._time.tell(now):
            # The announcement resets slots that were published too early.
            self._announce_at = 0.0
        for (name, slot, before), is_ours in zip(missed, skipped, strict=True):
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
    """The first slots, as many as one call may store."""
    size = 0
    for count, slot in enumerate(islice(slots, scripts.MOST_AT_ONCE)):
        size += slot.message.size
        if count and size > scripts.CALL_BYTES:
            return
        yield slot


def task_id(name: str, slot: datetime) -> str:
    """The id is the same on all workers: `<entry>:<slot>`, for example `nightly:2030-01-01T09:00:00Z`."""
    precision = "milliseconds" if slot.microsecond else "seconds"
    return f"{name}:{slot.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision)}Z"
