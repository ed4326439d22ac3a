import asyncio
from collections.abc import Callable

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import database_passes
from internal.infrastructure.inbound.readiness import ReadinessCheck


async def _never() -> bool:
    return False


# Only a server that was told to stop has this check.
_STOPPING = ReadinessCheck(name="running", passes=_never, essential=True)


def readiness_checks_of(
    container: Container, draining: asyncio.Event
) -> Callable[[], tuple[ReadinessCheck, ...]]:
    """The checks of every server: they depend on whether it is stopping."""
    checks = (
        ReadinessCheck(name="database", passes=lambda: database_passes(container), essential=True),
        ReadinessCheck(name="redis", passes=container.taskqueue().write_probe().passes, essential=False),
    )
    return lambda: (*checks, _STOPPING) if draining.is_set() else checks
