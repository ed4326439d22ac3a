from collections.abc import Collection
from urllib.parse import unquote
from uuid import uuid4

from internal.domain.caller import Caller
from internal.infrastructure.config.trusted_proxies import Network
from internal.infrastructure.grpc.metadata import ServicerContext, values_of
from internal.infrastructure.inbound.client_addresses import ClientAddresses, printable_user_agent
from internal.infrastructure.inbound.request_ids import is_request_id


class Callers:
    """Finds out where calls come from. Only proxies in `trusted` may say so by x-forwarded-for."""

    def __init__(self, *, trusted: Collection[Network]) -> None:
        self._addresses = ClientAddresses(trusted=trusted)

    def caller_of(self, context: ServicerContext) -> Caller:
        request_id = "".join(values_of(context, "x-request-id"))
        return Caller(
            address=self._addresses.address_of(
                _host_of(context.peer()), forwarded=values_of(context, "x-forwarded-for")
            ),
            user_agent=printable_user_agent("".join(values_of(context, "user-agent"))),
            request_id=request_id if is_request_id(request_id) else str(uuid4()),
        )


def _host_of(peer: str) -> str | None:
    """The host of `ipv4:192.0.2.7:50123` or `ipv6:%5B2001:db8::7%5D:50123`. A Unix socket has none."""
    kind, _, address = unquote(peer).partition(":")
    return address.rpartition(":")[0].strip("[]") if kind in {"ipv4", "ipv6"} else None
