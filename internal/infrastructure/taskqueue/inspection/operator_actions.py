from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio
from dramatiq.errors import DecodeError

from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.inspection.task_decoding import STATES
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder
from internal.infrastructure.taskqueue.protocol.message_options import OUTBOX, UNKNOWN
from internal.infrastructure.taskqueue.protocol.refused_followers import warn_of_refused
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.infrastructure.taskqueue.protocol.timing import ARCHIVE_MOST
from internal.infrastructure.tasks.completion_log import Completion, CompletionLog
from internal.ports.task_inspector import APPLIES_TO, ActionResult, TaskAction
from internal.ports.tasks import TaskState

# Tasks per step. A step blocks Redis and may carry whole messages.
BATCH_SIZE = 100

_encoder = JSONEncoder()


@dataclass(frozen=True, slots=True)
class _TaskSnapshot:
    """A task before the action.

    may_have_outbox_row: the message may name the completion log.
    message: only of archived tasks.
    """

    id: str
    state: TaskState
    may_have_outbox_row: bool
    message: bytes

    @property
    def has_ended(self) -> bool:
        return self.state in {TaskState.ARCHIVED, TaskState.COMPLETED}

    def message_for_restart(self, *, keep_outbox: bool) -> bytes:
        """The message without traces of earlier attempts. An unreadable message stays unchanged."""
        try:
            message = _encoder.decode(self.message)
        except DecodeError:
            return self.message
        dropped = {"retries", "traceback", "requeue_timestamp", UNKNOWN}
        if not keep_outbox:
            dropped.add(OUTBOX)
        options = {name: value for name, value in message.get("options", {}).items() if name not in dropped}
        return _encoder.encode({**message, "options": options})


class OperatorActions:
    """Applies the actions of operators: first in the completion log, then in Redis.

    A task that ends is closed in the log first. Otherwise the outbox would take it for lost. A task that
    runs again is reopened first. Otherwise a worker would take it for done. If Redis then refuses, because
    the task has changed its state, the change in the log is undone.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        *,
        namespace: str,
        completion_log: CompletionLog | None,
    ) -> None:
        self._connection = PooledConnection(client)
        self._namespace = namespace
        self._completion_log = completion_log

    async def act(self, action: TaskAction, queue: str, task_ids: Sequence[str]) -> ActionResult:
        """Raise ValueError for more than MOST_AT_ONCE ids. After Unavailable, some tasks may have changed."""
        if len(task_ids) > MOST_AT_ONCE:
            raise ValueError(f"at most {MOST_AT_ONCE} tasks at once")
        ids = list(dict.fromkeys(task_ids))
        refused: dict[str, str] = {}
        for first in range(0, len(ids), BATCH_SIZE):
            refused |= await self._step(action, queue, ids[first : first + BATCH_SIZE])
        return ActionResult(done=[task_id for task_id in ids if task_id not in refused], refused=refused)

    async def _step(self, action: TaskAction, queue: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Act on one batch, and return the reasons for the refused tasks."""
        if action is TaskAction.CANCEL:
            # The worker closes the outbox row.
            return await self._call(scripts.CANCEL, queue, ids)
        tasks = [task for task in await self._read(queue, ids) if task.state in APPLIES_TO[action]]
        if action is TaskAction.RUN:
            return await self._run(queue, ids, archived=[task for task in tasks if task.has_ended])
        open_ids = [task.id for task in tasks if task.may_have_outbox_row and not task.has_ended]
        await self._close(open_ids)
        if action is TaskAction.DELETE:
            refused = await self._call(scripts.DELETE, queue, ids)
        else:
            refused = await self._call(scripts.ARCHIVE, queue, ids, ARCHIVE_MOST)
        if doubtful := [task_id for task_id in open_ids if task_id in refused]:
            await self._reopen([task.id for task in await self._read(queue, doubtful) if not task.has_ended])
        return refused

    async def _run(
        self, queue: str, ids: Sequence[str], *, archived: Sequence[_TaskSnapshot]
    ) -> Mapping[str, str]:
        reopened = await self._reopen([task.id for task in archived if task.may_have_outbox_row])
        restarts = {task.id: task.message_for_restart(keep_outbox=task.id in reopened) for task in archived}
        messages = [scripts.text(restarts.get(task_id, b"")) for task_id in ids]
        refused = await self._call(scripts.RUN, queue, ids, messages)
        if doubtful := [task_id for task_id in reopened if task_id in refused]:
            await self._close([task.id for task in await self._read(queue, doubtful) if task.has_ended])
        return refused

    async def _read(self, queue: str, ids: Sequence[str]) -> list[_TaskSnapshot]:
        """Missing tasks are left out."""
        with translated_outages():
            found = await scripts.ACTION_PRECHECK.call(self._connection, self._namespace, (queue, ids))
        return [
            _TaskSnapshot(task_id, STATES[name.decode()], bool(names_log), message)
            for task_id, (name, names_log, message) in zip(ids, found, strict=True)
            if name
        ]

    async def _call(
        self, script: scripts.Script, queue: str, ids: Sequence[str], *arguments: Any
    ) -> Mapping[str, str]:
        with translated_outages():
            reply = await script.call(self._connection, self._namespace, (queue, ids, *arguments))
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
