from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from internal.application.administration import Actor
from internal.domain.role import Permission
from internal.ports.clock import Clock
from internal.ports.log_in_counts import LogInCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLogInsCommand:
    actor: Actor
    days: int


class CountLogIns:
    def __init__(self, *, log_in_counts: LogInCounts, clock: Clock) -> None:
        self._log_in_counts = log_in_counts
        self._clock = clock

    async def __call__(self, command: CountLogInsCommand) -> Mapping[date, int]:
        """Return the number of log-ins of each of the last days in UTC, today first. Raises NotPermitted."""
        command.actor.require(Permission.MANAGE_USERS)
        today = self._clock.now().astimezone(UTC).date()
        days = [today - timedelta(days=ago) for ago in range(command.days)]
        counts = await self._log_in_counts.per_day(since=days[-1])
        return {day: counts.get(day, 0) for day in days}
