"""The periodic tasks, one `PeriodicTask` each; docs/background-jobs.md has an example."""

from collections.abc import Sequence
from datetime import timedelta

from internal.application.tasks.purge_accounts import PurgeAccounts
from internal.application.tasks.purge_outbox import PurgeOutbox
from internal.application.tasks.purge_requests import PurgeRequests
from internal.infrastructure.taskqueue.scheduling.periodic import PeriodicTask

SCHEDULE: Sequence[PeriodicTask] = (
    PeriodicTask(name="accounts-purge", spec="15 * * * *", task=PurgeAccounts(), catch_up=timedelta(hours=1)),
    PeriodicTask(name="outbox-purge", spec="30 3 * * *", task=PurgeOutbox(), catch_up=timedelta(hours=12)),
    PeriodicTask(
        name="requests-purge", spec="@every 1m", task=PurgeRequests(), catch_up=timedelta(minutes=1)
    ),
)
