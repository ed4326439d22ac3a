import re
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import structlog
from litestar import Request
from litestar.connection import ASGIConnection

from internal.domain.caller import Caller
from internal.infrastructure.config.trusted_proxies import Network

log = structlog.get_logger(__name__)

AnyConnection = ASGIConnection[Any, Any, Any, Any]
Address = IPv4Address | IPv6Address

LONGEST_USER_AGENT = 256  # characters
# The header has no standard. Some proxies add the port, and brackets around an IPv6 address.
_HOP = re.compile(
    r"\[(?P<bracketed>[0-9A-Fa-f:.]+)\](:\d{1,5})?|(?P<ipv4>[0-9.]+):\d{1,5}|(?P<bare>[0-9A-Fa-f:.]+)"
)


class Callers:
    """Finds out where requests come from. Only proxies in `trusted` may say so by X-Forwarded-For."""

    def __init__(self, *, trusted: Collection[Network]) -> None:
        self._trusted = tuple(trusted)
        self._has_warned = False

    async def provide_caller(self, request: Request[Any, Any, Any]) -> Caller:
        return self.caller_of(request)

    def caller_of(self, connection: AnyConnection) -> Caller:
        address = self._address_of(connection)
        return Caller(
            address=str(address) if address else None,
            user_agent=_user_agent_of(connection),
            request_id=connection.scope["state"]["request_id"],
        )

    def _address_of(self, connection: AnyConnection) -> Address | None:
        address = _address(connection.client.host) if connection.client else None
        hops = connection.headers.getall("x-forwarded-for", [])
        if hops and not self._is_trusted(address):
            self._warn_once()
        # Each proxy adds the address that it was called from, at the end.
        for hop in reversed(_split(hops)):
            earlier = _address_of_hop(hop)
            if earlier is None or not self._is_trusted(address):
                break
            address = earlier
        return address

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)

    def _warn_once(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            log.warning("http.forwarded_by_untrusted_peer")


def _split(headers: Sequence[str]) -> list[str]:
    return ",".join(headers).split(",") if headers else []


def _address_of_hop(text: str) -> Address | None:
    match = _HOP.fullmatch(text.strip())
    return _address(match["bracketed"] or match["ipv4"] or match["bare"]) if match else None


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    # A socket for both versions reports ::ffff:192.0.2.7. fe80::1%eth0 has a scope.
    return address.ipv4_mapped or IPv6Address(int(address))


def _user_agent_of(connection: AnyConnection) -> str | None:
    given = connection.headers.get("user-agent", "")
    return "".join(filter(str.isprintable, given))[:LONGEST_USER_AGENT] or None
