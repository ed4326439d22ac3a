from collections.abc import Collection
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection

from internal.domain.caller import Caller
from internal.infrastructure.config.trusted_proxies import Network
from internal.infrastructure.inbound.client_addresses import ClientAddresses, printable_user_agent

AnyConnection = ASGIConnection[Any, Any, Any, Any]


class Callers:
    """Finds out where requests come from. Only proxies in `trusted` may say so by X-Forwarded-For."""

    def __init__(self, *, trusted: Collection[Network]) -> None:
        self._addresses = ClientAddresses(trusted=trusted)

    async def provide_caller(self, request: Request[Any, Any, Any]) -> Caller:
        return self.caller_of(request)

    def caller_of(self, connection: AnyConnection) -> Caller:
        return Caller(
            address=self._addresses.address_of(
                connection.client.host if connection.client else None,
                forwarded=connection.headers.getall("x-forwarded-for", []),
            ),
            user_agent=printable_user_agent(connection.headers.get("user-agent", "")),
            request_id=connection.scope["state"]["request_id"],
        )
