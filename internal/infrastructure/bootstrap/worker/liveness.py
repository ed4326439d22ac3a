import asyncio
from pathlib import Path

import structlog

from internal.infrastructure.telemetry.liveness_file import BEAT_EVERY, beating

log = structlog.get_logger(__name__)


async def beat_in(directory: Path) -> None:
    """Show that the event loop runs, until cancelled. This needs no service."""
    with beating(directory, log=log) as heartbeat:
        while heartbeat:
            heartbeat.beat()
            await asyncio.sleep(BEAT_EVERY)
