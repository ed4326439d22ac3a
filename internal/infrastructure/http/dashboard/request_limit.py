from collections.abc import Callable

from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from internal.infrastructure.http.caller import AnyConnection, Callers
from internal.ports.rate_limiter import Limit, RateLimiter


def request_limit(*, rate_limiter: Callable[[], RateLimiter], callers: Callers) -> Guard:
    """A guard that counts the requests of each client."""

    # A function: the framework copies other guards, and with them the connections to Redis.
    async def limit(connection: AnyConnection, _: BaseRouteHandler) -> None:
        """Raise RateLimited if the client has used its quota."""
        network = callers.caller_of(connection).network
        await rate_limiter().count({Limit.DASHBOARD_PER_CLIENT: network})

    return limit
