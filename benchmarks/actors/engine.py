"""Plain Dramatiq actors on whatever broker is set: `python -m cmd.worker benchmarks.actors.engine`."""

import asyncio

import dramatiq

from benchmarks import notes

RETRY_AFTER = 10_000  # milliseconds
DAY = 24 * 3600 * 1000


class FailedOnPurpose(Exception):
    """Its attempt counts as failed."""


CAUSES = [type(f"Cause{number}", (FailedOnPurpose,), {}) for number in range(50)]


@dramatiq.actor
async def noop(user_id: str, email: str, name: str) -> None:
    pass


@dramatiq.actor
async def mark(label: str) -> None:
    notes.write(label)


@dramatiq.actor
async def sleep(label: str, seconds: float) -> None:
    await asyncio.sleep(seconds)
    notes.write(label)


@dramatiq.actor
async def stay_once(label: str, seconds: float) -> None:
    is_first = all(note.label != label for note in notes.read())
    notes.write(label)
    if is_first:
        await asyncio.sleep(seconds)


@dramatiq.actor(min_backoff=RETRY_AFTER, max_backoff=RETRY_AFTER)
async def fail_once(label: str) -> None:
    is_first = all(note.label != label for note in notes.read())
    notes.write(label)
    if is_first:
        raise FailedOnPurpose(label)


@dramatiq.actor(min_backoff=DAY, max_backoff=DAY)
async def fail_for_cause(cause: int) -> None:
    raise CAUSES[cause % len(CAUSES)](f"cause {cause}")
