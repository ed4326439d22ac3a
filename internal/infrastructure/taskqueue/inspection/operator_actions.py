from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio
from dramatiq.errors import DecodeError

from internal.domain.errors import Conflict
from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.inspection.cursors import Position
from internal.infrastructure.taskqueue.inspection.pagination import matches
from internal.infrastructure.taskqueue.inspection.task_decoding import STATES
from internal.infrastructure.taskqueue.inspection.task_scanner import TaskScanner
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder
from internal.infrastructure.taskqueue.protocol.message_options import OUTBOX, UNKNOWN
from internal.infrastructure.taskqueue.protocol.refused_followers import warn_of_refused
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.infrastructure.taskqueue.protocol.timing import ARCHIVE_MOST
from internal.infrastructure.tasks.completion_log import Completion, CompletionLog
from internal.ports.task_inspector import APPLIES_TO, ActionResult, TaskAction, TaskFilter
from internal.ports.tasks import TaskState

AT_ONCE = 100  # tasks of one step: Redis does nothing else meanwhile, and whole messages may travel

_encoder = JSONEncoder()


@dataclass(frozen=True, slots=True)
class _Seen:
    """A task before something is done to it. `message` is there only if it is archived."""

    id: str
    state: TaskState
    is_named: bool  # by the completion log, perhaps
    message: bytes

    @property
    def is_over(self) -> bool:
        return self.state in {TaskState.ARCHIVED, TaskState.COMPLETED}

    def begin_anew(self, *, is_written_down: bool) -> bytes:
        """The message without what it has of former attempts; one that cannot be read stays as it is."""
        try:
            said = _encoder.decode(self.message)
        except DecodeError:
            return self.message
        former = {"retries", "traceback", "requeue_timestamp", UNKNOWN} | (
            set() if is_written_down else {OUTBOX}
        )
        options = {name: value for name, value in said.get("options", {}).items() if name not in former}
        return _encoder.encode({**said, "options": options})


class OperatorActions:
    """What operators do to tasks: first in the completion log, then in Redis.

    A task that ends is closed in the log first, so that the outbox does not take it for lost. A task that
    runs again is reopened first, so that no worker takes it for done. If Redis then refuses, because the
    task has moved on, the change in the log is undone.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        *,
        namespace: str,
        listing: TaskScanner,
        completion_log: CompletionLog | None,
    ) -> None:
        self._connection = PooledConnection(client)
        self._namespace = namespace
        self._listing = listing
        self._completion_log = completion_log

    async def act(self, action: TaskAction, queue: str, task_ids: Sequence[str]) -> ActionResult:
        """Raise ValueError for more than MOST_AT_ONCE ids, and Unavailable, after which some may be done."""
        if len(task_ids) > MOST_AT_ONCE:
            raise ValueError(f"at most {MOST_AT_ONCE} tasks at once")
        ids = list(dict.fromkeys(task_ids))
        refused: dict[str, str] = {}
        for first in range(0, len(ids), AT_ONCE):
            refused |= await self._step(action, queue, ids[first : first + AT_ONCE])
        return ActionResult(done=[task_id for task_id in ids if task_id not in refused], refused=refused)

    async def act_on_all(
        self, action: TaskAction, queue: str, state: TaskState, *, only: TaskFilter | None
    ) -> AsyncIterator[ActionResult]:
        """Raise QueueNotFound, Conflict, Unavailable."""
        newest = await self._listing.read(queue, state, newest_first=True, after=None, count=1)
        if state not in APPLIES_TO[action]:
            raise Conflict(f"{action} is nothing for tasks that are {state}")
        after, end = None, newest.last
        while end is not None:
            listed = await self._listing.read(queue, state, newest_first=False, after=after, count=AT_ONCE)
            within = [(position, task) for position, task in listed.tasks if _is_within(position, end)]
            if ids := [task.id for _, task in within if matches(task, only)]:
                yield await self.act(action, queue, ids)
            if listed.last is None or not listed.has_more or len(within) < len(listed.tasks):
                return
            after = listed.last

    async def _step(self, action: TaskAction, queue: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Do it to a few; returns why not to some of them."""
        if action is TaskAction.CANCEL:  # its worker closes it
            return await self._call(scripts.CANCEL, queue, ids)
        tasks = [task for task in await self._look(queue, ids) if task.state in APPLIES_TO[action]]
        if action is TaskAction.RUN:
            return await self._run(queue, ids, archived=[task for task in tasks if task.is_over])
        open_ids = [task.id for task in tasks if task.is_named and not task.is_over]
        await self._close(open_ids)
        if action is TaskAction.DELETE:
            refused = await self._call(scripts.DELETE, queue, ids)
        else:
            refused = await self._call(scripts.ARCHIVE, queue, ids, ARCHIVE_MOST)
        if doubtful := [task_id for task_id in open_ids if task_id in refused]:
            await self._reopen([task.id for task in await self._look(queue, doubtful) if not task.is_over])
        return refused

    async def _run(self, queue: str, ids: Sequence[str], *, archived: Sequence[_Seen]) -> Mapping[str, str]:
        reopened = await self._reopen([task.id for task in archived if task.is_named])
        anew = {task.id: task.begin_anew(is_written_down=task.id in reopened) for task in archived}
        messages = [scripts.text(anew.get(task_id, b"")) for task_id in ids]
        refused = await self._call(scripts.RUN, queue, ids, messages)
        if doubtful := [task_id for task_id in reopened if task_id in refused]:
            await self._close([task.id for task in await self._look(queue, doubtful) if task.is_over])
        return refused

    async def _look(self, queue: str, ids: Sequence[str]) -> list[_Seen]:
        """Those of them that there are."""
        with translated_outages():
            found = await scripts.ACTION_PRECHECK.call(self._connection, self._namespace, (queue, ids))
        return [
            _Seen(task_id, STATES[name.decode()], bool(is_named), message)
            for task_id, (name, is_named, message) in zip(ids, found, strict=True)
            if name
        ]

    async def _call(
        self, script: scripts.Script, queue: str, ids: Sequence[str], *more: Any
    ) -> Mapping[str, str]:
        with translated_outages():
            reply = await script.call(self._connection, self._namespace, (queue, ids, *more))
        refusals, refused_followers = reply[: len(ids)], reply[len(ids) :]
        warn_of_refused(refused_followers)
        return {task_id: why.decode() for task_id, why in zip(ids, refusals, strict=True) if why}

    async def _close(self, ids: Sequence[str]) -> None:
        if self._completion_log and ids:
            await self._completion_log.close(
                [Completion(task_id=task_id, succeeded=False) for task_id in ids]
            )

    async def _reopen(self, ids: Sequence[str]) -> set[str]:
        return await self._completion_log.reopen(ids) if self._completion_log and ids else set()


def _is_within(position: Position, end: Position) -> bool:
    return (float(position[0]), position[1]) <= (float(end[0]), end[1])
