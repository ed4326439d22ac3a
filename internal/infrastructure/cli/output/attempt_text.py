from datetime import datetime

from internal.infrastructure import humanize
from internal.ports.task_snapshots import Attempt


def attempt_text(attempt: Attempt, *, now: datetime) -> str:
    """Without what is not known: an older version recorded only the time and the error."""
    failed = humanize.absolute_time(attempt.at, now=now)
    if attempt.worker is None:
        return f"{failed} {attempt.error}"
    facts = [f"{failed} on {attempt.worker}"]
    if attempt.started_at and attempt.ran_for is not None:
        facts.append(f"started {attempt.started_at.isoformat(timespec='milliseconds')}")
        facts.append(f"ran for {humanize.precise_duration(attempt.ran_for)}")
    return f"{', '.join(facts)}: {attempt.error}"
