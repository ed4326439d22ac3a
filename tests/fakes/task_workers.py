from collections.abc import Sequence
from dataclasses import replace

from internal.ports.task_snapshots import WorkerInfo
from internal.ports.task_workers import WorkerNotFound, WorkerTooOld


class FakeTaskWorkers:
    """Workers in memory, which obey at once. `too_old` are the ids of those that cannot be quiet."""

    def __init__(self) -> None:
        self._workers: dict[str, WorkerInfo] = {}
        self.too_old: set[str] = set()

    def add_worker(self, worker: WorkerInfo) -> None:
        self._workers[worker.id] = worker

    async def workers(self) -> Sequence[WorkerInfo]:
        return list(self._workers.values())

    async def quiet_worker(self, worker_id: str) -> bool:
        return self._set_quiet(worker_id, quiet=True)

    async def resume_worker(self, worker_id: str) -> bool:
        return self._set_quiet(worker_id, quiet=False)

    def _set_quiet(self, worker_id: str, *, quiet: bool) -> bool:
        worker = self._workers.get(worker_id)
        if worker is None:
            raise WorkerNotFound(f"no worker {worker_id} is up")
        if worker_id in self.too_old:
            raise WorkerTooOld(f"worker {worker_id} runs a version that cannot be made quiet")
        self._workers[worker_id] = replace(worker, is_quiet=quiet)
        return worker.is_quiet != quiet
