"""The actions of operators on outbox rows and on their tasks in the task queue."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.outbox.completion_log import SqlAlchemyCompletionLog
from internal.infrastructure.database.outbox.pages import MOST_AT_ONCE, SHOWN, to_row
from internal.infrastructure.database.outbox.relay import OutboxRelay
from internal.infrastructure.database.outbox.rows import RESTORE_REPLACED, SWEEP_BATCH
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.completion_log import Completion
from internal.ports.outbox_inspector import APPLIES_TO, OutboxAction, OutboxRow, OutboxState
from internal.ports.task_inspector import ActionResult, TaskAction, TaskInspector, TaskNotFound
from internal.ports.tasks import TaskState

_of_ids = outbox.c.id.in_(bindparam("ids", expanding=True))
_FIND = select(*SHOWN).where(_of_ids)
# As if the row had just been stored: if this process stops, a sweeper enqueues its task.
_REOPEN = (
    update(outbox)
    .where(_of_ids, outbox.c.succeeded.is_(False))
    .values(
        closed_at=null(), succeeded=null(), forwarded_at=null(), missing_since=null(), next_try_at=func.now()
    )
)

Refusals = Mapping[str, str]


class OutboxActions:
    """Changes the task queue first: while it is down nothing happens, and a broken action can be repeated."""

    def __init__(self, *, engine: AsyncEngine, relay: OutboxRelay, tasks: TaskInspector) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # every call is one statement
        self._relay = relay
        self._tasks = tasks
        self._completion_log = SqlAlchemyCompletionLog(engine)

    async def act(self, action: OutboxAction, task_ids: Sequence[str]) -> ActionResult:
        if len(task_ids) > MOST_AT_ONCE:
            raise ValueError(f"at most {MOST_AT_ONCE} rows at once")
        ids = list(dict.fromkeys(task_ids))
        refused: dict[str, str] = {}
        for first in range(0, len(ids), SWEEP_BATCH):
            refused |= await self._step(action, ids[first : first + SWEEP_BATCH])
        return ActionResult(
            done=[task_id for task_id in ids if task_id not in refused],
            refused={task_id: refused[task_id] for task_id in ids if task_id in refused},
        )

    async def _step(self, action: OutboxAction, ids: Sequence[str]) -> Refusals:
        rows = await self._find(ids)
        refused = dict.fromkeys(set(ids) - rows.keys(), "there is no such row")
        refused |= {
            row.id: f"it is {row.state}" for row in rows.values() if row.state not in APPLIES_TO[action]
        }
        do = self._redrive if action is OutboxAction.REDRIVE else self._discard
        if fitting := [row for row in rows.values() if row.id not in refused]:
            refused |= await do(fitting)
        return refused

    async def _redrive(self, rows: Sequence[OutboxRow]) -> Refusals:
        """Delete archived tasks, reopen the rows, and enqueue.

        An archived task would make its own successor a duplicate. If the row says that the task was archived,
        but the task queue still has it in another state, it is about to be archived: that row is refused.
        """
        states = {row.id: await self._state(row) for row in rows if row.state is not OutboxState.WAITING}
        refused = {
            row.id: f"its task is {states[row.id]}"
            for row in rows
            if row.state is OutboxState.GIVEN_UP and states[row.id] not in {None, TaskState.ARCHIVED}
        }
        await self._delete([row for row in rows if states.get(row.id) is TaskState.ARCHIVED])
        ids = [row.id for row in rows if row.id not in refused]
        await self._reopen(ids)
        forwarded = await self._relay.forward_again(ids)
        return refused | dict.fromkeys(set(ids) - forwarded, "it was not forwarded: inspect it")

    async def _discard(self, rows: Sequence[OutboxRow]) -> Refusals:
        """Close the rows. If a row replaced the row of an ended task, restore that one and keep its task."""
        restored = await self._restore([row.id for row in rows if row.state is OutboxState.WAITING])
        rows = [row for row in rows if row.id not in restored]
        kept = await self._delete(rows)
        active = {row.id for row in rows if row.id in kept and await self._state(row) is TaskState.ACTIVE}
        ended = [Completion(task_id=row.id, succeeded=False) for row in rows if row.id not in active]
        await self._completion_log.close(ended)
        return dict.fromkeys(active, "its task is active")

    async def _delete(self, rows: Sequence[OutboxRow]) -> Refusals:
        of_queues: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            of_queues[row.queue].append(row.id)
        refused: dict[str, str] = {}
        for queue, ids in of_queues.items():
            refused |= (await self._tasks.act(TaskAction.DELETE, queue, ids)).refused
        return refused

    async def _state(self, row: OutboxRow) -> TaskState | None:
        """Return the state of the row's task; None if the task queue does not have it."""
        try:
            return (await self._tasks.task(row.queue, row.id)).state
        except TaskNotFound:
            return None

    async def _find(self, ids: Sequence[str]) -> Mapping[str, OutboxRow]:
        # No text in Postgres has a NUL, and it refuses to look for one.
        possible = [task_id for task_id in ids if "\0" not in task_id]
        with translated_outages():
            async with self._engine.connect() as connection:
                found = await connection.execute(_FIND, {"ids": possible})
                return {row.id: to_row(row, cipher=None) for row in found}

    async def _restore(self, ids: Sequence[str]) -> set[str]:
        if not ids:
            return set()
        with translated_outages():
            async with self._engine.connect() as connection:
                return set((await connection.execute(RESTORE_REPLACED, {"ids": ids})).scalars())

    async def _reopen(self, ids: Sequence[str]) -> None:
        with translated_outages():
            async with self._engine.connect() as connection:
                await connection.execute(_REOPEN, {"ids": ids})
