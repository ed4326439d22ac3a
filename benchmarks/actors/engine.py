"""For `python -m cmd.worker benchmarks.actors.engine`: a task that does nothing."""

import dramatiq


@dramatiq.actor
async def noop(user_id: str, email: str, name: str) -> None:
    pass
