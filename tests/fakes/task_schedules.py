from collections.abc import Sequence
from dataclasses import replace

from internal.ports.clock import Clock
from internal.ports.task_schedules import EqualTaskExists, ScheduleNotFound
from internal.ports.task_snapshots import ScheduledRun, ScheduleInfo


class FakeTaskSchedules:
    """Periodic tasks in memory. `in_the_way` has the ids of equal tasks by the name of their schedule."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._schedules: dict[str, tuple[ScheduleInfo, list[ScheduledRun]]] = {}
        self.in_the_way: dict[str, str] = {}

    def add_schedule(self, schedule: ScheduleInfo, runs: Sequence[ScheduledRun] = ()) -> None:
        """The runs are given oldest first, as they came."""
        self._schedules[schedule.name] = (schedule, list(runs))

    async def schedules(self) -> Sequence[ScheduleInfo]:
        return [schedule for schedule, _ in self._schedules.values()]

    async def schedule_history(self, name: str, *, size: int = 30) -> Sequence[ScheduledRun]:
        _, runs = self._schedule(name)
        return list(reversed(runs))[:size]

    async def run_schedule(self, name: str) -> str:
        _, runs = self._schedule(name)
        if other := self.in_the_way.get(name):
            raise EqualTaskExists(f"an equal task exists: {other}")
        now, task_id = self._clock.now(), f"{name}:{len(runs)}"
        runs.append(ScheduledRun(task_id=task_id, slot=now, published_at=now))
        return task_id

    async def pause_schedule(self, name: str) -> bool:
        return self._set_schedule_paused(name, paused=True)

    async def resume_schedule(self, name: str) -> bool:
        return self._set_schedule_paused(name, paused=False)

    def _schedule(self, name: str) -> tuple[ScheduleInfo, list[ScheduledRun]]:
        if name not in self._schedules:
            raise ScheduleNotFound(f"there is no schedule named {name!r}")
        return self._schedules[name]

    def _set_schedule_paused(self, name: str, *, paused: bool) -> bool:
        schedule, runs = self._schedule(name)
        self._schedules[name] = (replace(schedule, is_paused=paused), runs)
        return schedule.is_paused != paused
