"""Worker processes as operators see them, and the actions on them."""

from collections.abc import Sequence
from typing import Protocol

from internal.domain.errors import Conflict, NotFound
from internal.ports.task_snapshots import WorkerInfo


class WorkerNotFound(NotFound):
    code = "WORKER_NOT_FOUND"


class WorkerTooOld(Conflict):
    """The worker runs a version that cannot be made quiet."""

    code = "WORKER_TOO_OLD"


class TaskWorkers(Protocol):
    """The part of a TaskInspector that is about workers."""

    async def workers(self) -> Sequence[WorkerInfo]: ...

    async def quiet_worker(self, worker_id: str) -> bool:
        """Let a worker dequeue nothing more, until it is resumed or ends. Running tasks go on.

        The worker obeys with its next heartbeat, within 5 s. Returns False if it was asked before.

        Raises:
            WorkerNotFound: no worker with this id is up.
            WorkerTooOld: its version does not know this.
        """
        ...

    async def resume_worker(self, worker_id: str) -> bool:
        """Returns False if it was not quiet. Raises WorkerNotFound, WorkerTooOld."""
        ...
