"""What is to be done again and again: one `PeriodicTask` for each; docs/background-jobs.md has an example."""

from collections.abc import Sequence
from datetime import timedelta

from internal.application.tasks.purge_outbox import PurgeOutbox
from internal.infrastructure.taskqueue.scheduling.periodic import PeriodicTask

SCHEDULE: Sequence[PeriodicTask] = (
    PeriodicTask(name="outbox-purge", spec="30 3 * * *", task=PurgeOutbox(), catch_up=timedelta(hours=12)),
)
