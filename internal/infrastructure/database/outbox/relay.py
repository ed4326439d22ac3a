"""Enqueues the tasks of the outbox: right after a commit, and by sweeping rows that were left or lost."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.outbox.rows import SWEEP_BATCH, DueRow, OutboxRows
from internal.infrastructure.tasks.encoded_task import EncodedTask
from internal.infrastructure.tasks.transport import TaskRefused, TaskTransport
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

# A request waits this long for its tasks to be enqueued. The promise is 250 ms; the rest is for sending the
# response. Enqueueing goes on after that.
FORWARD_WITHIN = timedelta(milliseconds=200)
CLOSE_WITHIN = timedelta(seconds=1)
SWEEP_EVERY = timedelta(seconds=1)
MARK_EVERY = timedelta(milliseconds=100)
NOT_IN_TIME = "Redis does not answer in time"


@dataclass(frozen=True, slots=True)
class _Sent:
    """The result of sending tasks: the ids of duplicates, and a reason for each refused task."""

    duplicates: set[str]
    refused: Mapping[str, str]


class OutboxRelay:
    """Relays committed rows to the task queue, and relays tasks again that the task queue has lost.

    A task is lost if its row is open and the queue did not have it twice, SWEEP_AFTER apart. A task cannot
    have ended then, because a worker closes the row before the task ends in Redis.

    When a row cannot be relayed or looked for, the reason is written to it, in one statement for all rows
    that failed together. A row that cannot be read or sent is set aside: it is retried with growing delays,
    and delays no other row.
    """

    def __init__(self, *, engine: AsyncEngine, transport: TaskTransport) -> None:
        self._rows = OutboxRows(engine)
        self._transport = transport
        self._forwarded: list[str] = []
        self._duplicates: set[str] = set()
        self._failed: dict[str, list[str]] = defaultdict(list)
        self._refused: dict[str, str] = {}
        self._forwarding: set[asyncio.Task[None]] = set()
        self._writing: asyncio.Task[None] | None = None

    async def forward_now(self, tasks: Sequence[EncodedTask]) -> None:
        """Enqueue committed tasks. Waits for FORWARD_WITHIN at most, then goes on in the background.

        Never raises: the rows are committed, and a sweeper relays the rest.
        """
        forwarding = asyncio.create_task(self._forward_once(tasks))
        self._forwarding.add(forwarding)
        forwarding.add_done_callback(self._forwarding.discard)
        await asyncio.wait([forwarding], timeout=FORWARD_WITHIN.total_seconds())

    async def _forward_once(self, tasks: Sequence[EncodedTask]) -> None:
        try:
            sent = await self._send(tasks)
        except asyncio.CancelledError:
            self._failed[NOT_IN_TIME] += [task.id for task in tasks]
            self._write_soon()
            raise
        except Exception as error:
            unexpected = not isinstance(error, Unavailable)
            log.warning(
                "outbox.left_to_sweeper", tasks=len(tasks), reason=_reason(error), exc_info=unexpected
            )
            self._failed[_reason(error)] += [task.id for task in tasks]
        else:
            self._forwarded += [task.id for task in tasks if task.id not in sent.refused]
            self._duplicates |= sent.duplicates
            self._refused |= sent.refused
        self._write_soon()

    async def close(self) -> None:
        """Wait until the results are written to the rows. Unsent tasks are left to the sweepers."""
        if self._forwarding:
            _, late = await asyncio.wait(self._forwarding, timeout=CLOSE_WITHIN.total_seconds())
            for forwarding in late:
                forwarding.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._writing:
            await self._writing

    async def run(self) -> None:
        """Sweep until cancelled. Survives every error, because nobody notices a sweeper that has ended.

        An outage is one line in the log, and another one when its reason changes.
        """
        logged = ""
        while True:
            try:
                while await self.sweep() == SWEEP_BATCH:
                    pass
                logged = ""
            except Unavailable as error:
                if str(error) != logged:
                    logged = str(error)
                    log.warning("outbox.sweep_failed", reason=logged)
            except Exception:
                log.exception("outbox.sweep_failed")
            await asyncio.sleep(SWEEP_EVERY.total_seconds())

    async def sweep(self) -> int:
        """Relay rows that were not relayed in time, or whose task is lost; return how many were due."""
        rows = await self._rows.take_due()
        readable = await self._readable(rows)
        async with self._noting_failure(readable):
            fresh = [row for row in readable if row.forwarded_at is None]
            lost = await self._lost_among([row for row in readable if row.forwarded_at is not None])
            if forwarded := await self._forward([*fresh, *lost]):
                log.info("outbox.swept", tasks=len(forwarded), lost=len(lost))
        return len(rows)

    async def forward_again(self, ids: Sequence[str]) -> set[str]:
        """Relay open rows now, due or not; return the ids of the tasks that the task queue has then.

        Raises:
            Unavailable: Redis or Postgres cannot be reached; the sweepers relay the rows later.
        """
        rows = await self._readable(await self._rows.take(ids))
        async with self._noting_failure(rows):
            return await self._forward(rows)

    async def _readable(self, rows: Sequence[DueRow]) -> list[DueRow]:
        unreadable = {row.id: row.problem for row in rows if row.problem}
        await self._rows.set_aside(unreadable, known=_known(rows))
        return [row for row in rows if row.task]

    async def _forward(self, rows: Sequence[DueRow]) -> set[str]:
        tasks = [row.task for row in rows if row.task]
        if not tasks:
            return set()
        sent = await self._send(tasks)
        forwarded = [task.id for task in tasks if task.id not in sent.refused]
        await self._rows.mark_forwarded(forwarded, sent.duplicates)
        await self._rows.set_aside(sent.refused, known=_known(rows))
        return set(forwarded) - sent.duplicates

    async def _send(self, tasks: Sequence[EncodedTask]) -> _Sent:
        """Send all tasks. Bisects to find a task that cannot be sent, so the others are sent."""
        try:
            return _Sent(await self._transport.send(tasks), {})
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the reason is written to the row
            if len(tasks) == 1:
                return _Sent(set(), {tasks[0].id: _reason(error)})
        half = len(tasks) // 2
        one, other = await self._send(tasks[:half]), await self._send(tasks[half:])
        return _Sent(one.duplicates | other.duplicates, {**one.refused, **other.refused})

    async def _lost_among(self, rows: Sequence[DueRow]) -> Sequence[DueRow]:
        """Return the rows whose task is missing for the second time; the others are checked again later."""
        tasks = [row.task for row in rows if row.task]
        if not tasks:
            return []
        existing, refused = await self._existing(tasks)
        await self._rows.set_aside(refused, known=_known(rows))
        absent = [row for row in rows if row.id not in existing and row.id not in refused]
        await self._rows.mark_present(existing)
        await self._rows.mark_missing([row.id for row in absent if row.missing_since is None])
        return [row for row in absent if row.missing_since is not None]

    async def _existing(self, tasks: Sequence[EncodedTask]) -> tuple[set[str], Mapping[str, str]]:
        """Return the ids that Redis has, and a reason for each failed look-up. Bisects like `_send`."""
        try:
            return await self._transport.existing([(task.options.queue, task.id) for task in tasks]), {}
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the reason is written to the row
            if len(tasks) == 1:
                return set(), {tasks[0].id: _reason(error)}
        half = len(tasks) // 2
        one, other = await self._existing(tasks[:half]), await self._existing(tasks[half:])
        return one[0] | other[0], {**one[1], **other[1]}

    @asynccontextmanager
    async def _noting_failure(self, rows: Sequence[DueRow]) -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:
            await self._rows.note_failure([row.id for row in rows], _reason(error))
            raise

    def _write_soon(self) -> None:
        """Write results in batches. The queue detects a second enqueue after a crash."""
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), context=Context())

    async def _write(self) -> None:
        # More results may come while a batch is being written.
        while self._forwarded or self._failed or self._refused:
            await asyncio.sleep(MARK_EVERY.total_seconds())
            batch, self._forwarded = self._forwarded, []
            duplicates, self._duplicates = self._duplicates, set()
            failed, self._failed = self._failed, defaultdict(list)
            refused, self._refused = self._refused, {}
            try:
                await self._rows.mark_forwarded(batch, duplicates)
            except Unavailable as error:
                log.warning("outbox.not_marked", tasks=len(batch), reason=str(error))
            for reason, ids in failed.items():
                await self._rows.note_failure(ids, reason)
            await self._rows.set_aside(refused, known={})


def _known(rows: Sequence[DueRow]) -> Mapping[str, str | None]:
    return {row.id: row.last_error for row in rows}


def _reason(error: Exception) -> str:
    """Describe a failure in our own words: other texts may contain addresses or personal data."""
    if isinstance(error, Unavailable | TaskRefused):
        return str(error)
    return type(error.__cause__ or error).__name__
