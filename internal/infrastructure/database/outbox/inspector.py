from collections.abc import AsyncIterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.domain.errors import Conflict
from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.outbox.actions import OutboxActions
from internal.infrastructure.database.outbox.pages import (
    IN_STATE,
    MOST_AT_ONCE,
    SHOWN,
    is_open,
    read_page,
    since,
    to_row,
)
from internal.infrastructure.database.outbox.relay import OutboxRelay
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher
from internal.ports.outbox_inspector import (
    APPLIES_TO,
    OutboxAction,
    OutboxPage,
    OutboxRow,
    OutboxRowNotFound,
    OutboxState,
    OutboxStats,
)
from internal.ports.task_inspector import ActionResult, TaskInspector

_is_waiting = IN_STATE[OutboxState.WAITING]
_OPEN = select(
    func.count().filter(_is_waiting).label("waiting"),
    func.count().filter(~_is_waiting).label("forwarded"),
    (func.now() - func.min(outbox.c.created_at).filter(_is_waiting)).label("oldest_waiting"),
    (func.now() - func.min(outbox.c.created_at)).label("oldest_open"),
).where(is_open)
_GIVEN_UP = select(func.count()).select_from(outbox).where(IN_STATE[OutboxState.GIVEN_UP])
_LAST_ERROR = (
    select(outbox.c.last_error, outbox.c.last_error_at)
    .where(is_open, outbox.c.last_error.is_not(None))
    .order_by(outbox.c.last_error_at.desc())
    .limit(1)
)


class SqlAlchemyOutboxInspector:
    """Reads pages through indexes, except pages of duplicates.

    No index has the duplicates, so a page of them reads the table: 0.2 s for a million rows.

    cipher: decrypts the payloads of the rows that a call returns.
    """

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        relay: OutboxRelay,
        tasks: TaskInspector,
        cipher: PayloadCipher | None = None,
    ) -> None:
        self._engine = engine
        self._cipher = cipher
        self._actions = OutboxActions(engine=engine, relay=relay, tasks=tasks)

    async def stats(self) -> OutboxStats:
        with translated_outages():
            async with self._engine.connect() as connection:
                counted = (await connection.execute(_OPEN)).one()
                given_up = (await connection.execute(_GIVEN_UP)).scalar_one()
                last = (await connection.execute(_LAST_ERROR)).one_or_none()
        return OutboxStats(
            waiting=counted.waiting,
            forwarded=counted.forwarded,
            given_up=given_up,
            oldest_waiting=counted.oldest_waiting,
            oldest_open=counted.oldest_open,
            last_error=last.last_error if last else None,
            last_failed_at=last.last_error_at if last else None,
        )

    async def rows(
        self,
        state: OutboxState | None,
        *,
        newest_first: bool = True,
        size: int = 30,
        cursor: str | None = None,
    ) -> OutboxPage:
        with translated_outages():
            async with self._engine.connect() as connection:
                return await read_page(
                    connection,
                    state,
                    newest_first=newest_first,
                    size=size,
                    cursor=cursor,
                    cipher=self._cipher,
                )

    async def row(self, task_id: str) -> OutboxRow:
        # No text in Postgres has a NUL, and it refuses to look for one.
        if "\0" in task_id:
            raise OutboxRowNotFound(f"the outbox has no row {task_id!r}")
        with translated_outages():
            async with self._engine.connect() as connection:
                found = await connection.execute(select(*SHOWN).where(outbox.c.id == task_id))
                row = found.one_or_none()
        if row is None:
            raise OutboxRowNotFound(f"the outbox has no row {task_id}")
        return to_row(row, cipher=self._cipher)

    async def act(self, action: OutboxAction, task_ids: Sequence[str]) -> ActionResult:
        return await self._actions.act(action, task_ids)

    async def act_on_all(self, action: OutboxAction, state: OutboxState) -> AsyncIterator[ActionResult]:
        if state not in APPLIES_TO[action]:
            raise Conflict(f"{action} does not apply to rows that are {state}")
        newest = (await self.rows(state, size=1)).rows
        cursor: str | None = None
        while newest:
            page = await self.rows(state, newest_first=False, size=MOST_AT_ONCE, cursor=cursor)
            within = [row.id for row in page.rows if since(row) <= since(newest[0])]
            if within:
                yield await self.act(action, within)
            if page.next is None or len(within) < len(page.rows):
                return
            cursor = page.next
