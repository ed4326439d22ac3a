from typing import Any

from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.ports.task_snapshots import QueueInfo


def pause_or_resume(screen: LiveScreen[Any], queue: QueueInfo) -> None:
    """Ask, then switch the queue."""
    inspector = screen.source.tools.inspector
    switch, verb, state = (
        (inspector.resume, "Resume", "running") if queue.is_paused else (inspector.pause, "Pause", "paused")
    )

    async def act() -> str:
        is_changed = await switch(queue.name)
        return f"{queue.name}: {state}" if is_changed else f"{queue.name}: it was {state}"

    screen.act(f"{verb} the queue {queue.name}?", act)
