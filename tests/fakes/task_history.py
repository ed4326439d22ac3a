from datetime import datetime, timedelta

from internal.ports.clock import Clock


class FakeTaskHistory:
    """`done`, `archived`: when the tasks ended; `open`: those that have not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.done: dict[str, datetime] = {}
        self.archived: dict[str, datetime] = {}
        self.open: set[str] = set()

    async def purge(self, *, done_for: timedelta, archived_for: timedelta, at_most: int) -> int:
        now = self._clock.now()
        ended = [
            (ended_at, task_id, tasks)
            for tasks, span in ((self.done, done_for), (self.archived, archived_for))
            for task_id, ended_at in tasks.items()
            if ended_at < now - span
        ]
        for _, task_id, tasks in sorted(ended, key=lambda item: item[:2])[:at_most]:
            del tasks[task_id]
        return min(len(ended), at_most)
