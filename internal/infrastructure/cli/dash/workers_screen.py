from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from internal.infrastructure import humanize
from internal.infrastructure.cli.commands.workers import worker_status
from internal.infrastructure.cli.dash.lines import fitted, plain, slots_bar
from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.infrastructure.cli.dash.table import MARGINS, Table
from internal.infrastructure.cli.dash.task_screen import TaskScreen
from internal.ports.task_inspector import TaskAction
from internal.ports.task_snapshots import RunningTask, WorkerInfo

_NAME = 40


class WorkersScreen(LiveScreen[Sequence[WorkerInfo]]):
    """Each worker process, and below it the tasks that it runs."""

    KEYS = "Enter open task  P quiet/resume worker  c cancel task  Esc back  ? help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("P", "quiet", show=False),
        Binding("c", "cancel", show=False),
    ]

    def heading(self) -> str:
        return "Workers"

    def body(self) -> ComposeResult:
        yield Table(id="workers")

    async def ask(self) -> Sequence[WorkerInfo]:
        return await self.source.tools.inspector.workers()

    def fill(self, seen: Sequence[WorkerInfo]) -> None:
        now, width = self.source.tools.clock.now(), self.app.size.width - MARGINS
        lines = [(key, fitted(line, width)) for key, line in _lines(seen, now)]
        table = self.query_one("#workers", Table)
        table.say(_total(seen) if seen else "No worker is up. Start one with: python -m cmd.worker")
        table.put([key for key, _ in lines], [line for _, line in lines])

    def on_option_list_option_selected(self) -> None:
        _, task = self._chosen()
        if task:
            self.app.push_screen(TaskScreen(self.source, task.queue, task.id))

    def action_quiet(self) -> None:
        worker, _ = self._chosen()
        if worker is None:
            return
        inspector = self.source.tools.inspector
        switch, verb, state = (
            (inspector.resume_worker, "Resume", "resumed")
            if worker.is_quiet
            else (inspector.quiet_worker, "Quiet", "quiet")
        )
        name = worker.name

        async def act() -> str:
            is_changed = await switch(worker.id)
            return f"{name}: {state} with its next heartbeat" if is_changed else f"{name}: nothing to change"

        self.act(f"{verb} the worker {name}?", act)

    def action_cancel(self) -> None:
        _, task = self._chosen()
        if task is None:
            self.note("Choose a task to cancel.")
            return

        async def act() -> str:
            result = await self.source.tools.inspector.act(TaskAction.CANCEL, task.queue, [task.id])
            return f"Not done: {result.refused[task.id]}" if result.refused else f"{task.id}: cancelling"

        self.act(f"Cancel the task {fitted(plain(task.name), _NAME)} {plain(task.id)}?", act)

    def _chosen(self) -> tuple[WorkerInfo | None, RunningTask | None]:
        """The worker under the cursor, and the task if the cursor is on one."""
        key = self.query_one("#workers", Table).chosen
        for worker in self.seen or ():
            if key == worker.id:
                return worker, None
            for task in worker.running:
                if key == _key(worker, task):
                    return worker, task
        return None, None


def _key(worker: WorkerInfo, task: RunningTask) -> str:
    return f"{worker.id} {task.queue} {task.id}"


def _total(workers: Sequence[WorkerInfo]) -> str:
    busy = sum(len(worker.running) for worker in workers)
    slots = sum(worker.concurrency for worker in workers)
    processes = humanize.counted(len(workers), "process", "processes")
    return f"{processes}, {humanize.count(busy)} of {humanize.counted(slots, 'slot')} busy"


def _lines(workers: Sequence[WorkerInfo], now: datetime) -> Iterator[tuple[str, str]]:
    for worker in workers:
        yield worker.id, _worker_line(worker, now)
        for task in worker.running:
            ran = humanize.duration(now - task.started_at)
            name = f"{plain(task.name, _NAME)}  {plain(task.id, _NAME)}"
            yield _key(worker, task), f"    {ran:>8}  {name}  {plain(task.queue, _NAME)}"


def _worker_line(worker: WorkerInfo, now: datetime) -> str:
    busy = f"{slots_bar(len(worker.running), worker.concurrency)} {len(worker.running)}/{worker.concurrency}"
    queues = ",".join(f"{plain(name, _NAME)}:{weight}" for name, weight in worker.queues.items())
    heard = humanize.relative_time(worker.heard_at, now=now)
    order = " strict" if worker.is_strict else ""
    return (
        f"{plain(worker.host, _NAME)}:{worker.pid}  {plain(worker_status(worker))}  {busy}"
        f"  heard {heard}  {queues}{order}"
    )
