from datetime import datetime, timedelta

from internal.ports.clock import Clock


class FakeTaskHistory:
    """`done`, `given_up`: when the tasks ended; `open`: those that have not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.done: dict[str, datetime] = {}
        self.given_up: dict[str, datetime] = {}
        self.open: set[str] = set()

    async def purge(self, *, done_for: timedelta, given_up_for: timedelta, at_most: int) -> int:
        now = self._clock.now()
        ended = [
            (ended_at, task_id, tasks)
            for tasks, span in ((self.done, done_for), (self.given_up, given_up_for))
            for task_id, ended_at in tasks.items()
            if ended_at < now - span
        ]
        for _, task_id, tasks in sorted(ended, key=lambda item: item[:2])[:at_most]:
            del tasks[task_id]
        return min(len(ended), at_most)
