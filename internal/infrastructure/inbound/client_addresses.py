import re
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import structlog

from internal.infrastructure.config.trusted_proxies import Network

log = structlog.get_logger(__name__)

Address = IPv4Address | IPv6Address

LONGEST_USER_AGENT = 256  # characters
# The header has no standard. Some proxies add the port, and brackets around an IPv6 address.
_HOP = re.compile(
    r"\[(?P<bracketed>[0-9A-Fa-f:.]+)\](:\d{1,5})?|(?P<ipv4>[0-9.]+):\d{1,5}|(?P<bare>[0-9A-Fa-f:.]+)"
)


class ClientAddresses:
    """Finds out where requests come from. Only proxies in `trusted` may say so by X-Forwarded-For."""

    def __init__(self, *, trusted: Collection[Network]) -> None:
        self._trusted = tuple(trusted)
        self._has_warned = False

    def address_of(self, peer: str | None, *, forwarded: Sequence[str]) -> str | None:
        """The client's address. `peer` is that of the connection, `forwarded` the X-Forwarded-For headers."""
        address = _address(peer) if peer else None
        if forwarded and not self._is_trusted(address):
            self._warn_once()
        # Each proxy adds the address that it was called from, at the end.
        for hop in reversed(_split(forwarded)):
            earlier = _address_of_hop(hop)
            if earlier is None or not self._is_trusted(address):
                break
            address = earlier
        return str(address) if address else None

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)

    def _warn_once(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            log.warning("inbound.forwarded_by_untrusted_peer")


def printable_user_agent(given: str) -> str | None:
    """A short name of the client that can be logged; it chose the name."""
    return "".join(filter(str.isprintable, given))[:LONGEST_USER_AGENT] or None


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
