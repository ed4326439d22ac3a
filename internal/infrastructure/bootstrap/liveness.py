"""The signs of life of a worker's processes, which no service has to be up for."""

import asyncio
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import structlog

from internal.infrastructure.telemetry.liveness_file import BEAT_EVERY, LivenessFile

log = structlog.get_logger(__name__)


@contextmanager
def beating(directory: Path) -> Generator[LivenessFile | None]:
    """A heartbeat, or None where there is no place for it: nobody can ask then, and all else works."""
    with ExitStack() as held:
        heartbeat = None
        try:
            heartbeat = held.enter_context(LivenessFile.in_directory(directory))
        except OSError as error:
            log.warning("worker.no_heartbeat", directory=str(directory), reason=error.strerror)
        yield heartbeat


async def beat_in(directory: Path) -> None:
    """Until cancelled: for as long as the event loop goes round."""
    with beating(directory) as heartbeat:
        while heartbeat:
            heartbeat.beat()
            await asyncio.sleep(BEAT_EVERY)
