from datetime import datetime

from internal.infrastructure import humanize
from internal.ports.task_snapshots import Attempt


def attempt_text(attempt: Attempt, *, now: datetime) -> str:
    """One line. Older versions recorded only the time and the error; the rest is left out."""
    failed = humanize.absolute_time(attempt.at, now=now)
    if attempt.worker is None:
        return f"{failed} {attempt.error}"
    facts = [f"{failed} on {attempt.worker}"]
    if attempt.started_at and attempt.ran_for is not None:
        facts.append(f"started {attempt.started_at.isoformat(timespec='milliseconds')}")
        facts.append(f"ran for {humanize.precise_duration(attempt.ran_for)}")
    return f"{', '.join(facts)}: {attempt.error}"
