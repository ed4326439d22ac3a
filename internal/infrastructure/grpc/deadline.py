import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta


class DeadlineExceeded(Exception):
    """The server has spent all the time that a call may take."""


@asynccontextmanager
async def ended_within(limit: timedelta) -> AsyncGenerator[None]:
    """End the body after `limit`, whatever the client's deadline. Raises DeadlineExceeded.

    At the client's own deadline, gRPC cancels the task of the call.
    """
    deadline = asyncio.timeout(limit.total_seconds())
    try:
        async with deadline:
            yield
    except TimeoutError as error:
        if deadline.expired():
            raise DeadlineExceeded from error
        raise
