"""What is to be done again and again: one `Periodic` for each; docs/background-jobs.md has an example."""

from collections.abc import Sequence

from internal.infrastructure.taskqueue.periodic import Periodic

SCHEDULE: Sequence[Periodic] = ()
