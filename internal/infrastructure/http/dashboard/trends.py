from datetime import timedelta
from functools import partial

from internal.infrastructure.http.dashboard.trend import Trend, trend_of
from internal.infrastructure.monitoring.shared import Shared, if_available
from internal.ports.clock import Clock
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_statistics import Span, TaskStatistics

# Workers write their statistics as often.
_KEPT_FOR = timedelta(seconds=5)


class Trends:
    """What tasks did, drawn once for all viewers of a process. None: Redis does not answer."""

    def __init__(self, tasks: TaskInspector, *, clock: Clock) -> None:
        self._tasks = tasks
        self._hour = Shared(partial(self._read, Span.HOUR), clock=clock, kept_for=_KEPT_FOR)
        self._spans = {
            span: Shared(partial(self._take, span), clock=clock, kept_for=_KEPT_FOR) for span in Span
        }

    async def hour(self) -> TaskStatistics | None:
        return await self._hour.newest()

    async def of(self, span: Span) -> Trend | None:
        return await self._spans[span].newest()

    async def _take(self, span: Span) -> Trend | None:
        hour = await self.hour()
        statistics = hour if span is Span.HOUR else await self._read(span)
        due = await if_available(self._tasks.due)
        if hour is None or statistics is None or due is None:
            return None
        return trend_of(statistics, hour=hour, due=due)

    async def _read(self, span: Span) -> TaskStatistics | None:
        return await if_available(partial(self._tasks.statistics, span))
