from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import ClassVar

from internal.ports.account_history import AccountHistory
from internal.ports.tasks import Queue, TaskContext, TaskOptions

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeAccounts:
    """Forget ended sessions, expired tokens of emails, old counts of log-ins, and old security events."""

    task_name: ClassVar[str] = "accounts:purge"
    task_options: ClassVar[TaskOptions] = TaskOptions(queue=Queue.LOW, unique_for=timedelta(hours=1))


class PurgeAccountsHandler:
    def __init__(self, *, history: AccountHistory, events_for: timedelta, batch: int = BATCH) -> None:
        self._history = history
        self._events_for = events_for
        self._batch = batch

    async def __call__(self, task: PurgeAccounts, context: TaskContext) -> None:  # noqa: ARG002 - a TaskHandler
        await self._purge_all(self._history.purge_sessions)
        await self._purge_all(self._history.purge_account_tokens)
        await self._purge_all(self._history.purge_counted_log_ins)
        await self._purge_all(partial(self._history.purge_security_events, kept_for=self._events_for))

    async def _purge_all(self, purge: Callable[..., Awaitable[int]]) -> None:
        while await purge(at_most=self._batch) == self._batch:
            pass
