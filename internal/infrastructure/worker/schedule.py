"""What is to be done again and again: one `Periodic` for each; docs/background-jobs.md has an example."""

from collections.abc import Sequence
from datetime import timedelta

from internal.application.tasks.purge_outbox import PurgeOutbox
from internal.infrastructure.taskqueue.scheduling.periodic import Periodic

SCHEDULE: Sequence[Periodic] = (
    Periodic(name="outbox-purge", spec="30 3 * * *", task=PurgeOutbox(), catch_up=timedelta(hours=12)),
)
