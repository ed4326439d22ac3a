from dataclasses import dataclass
from ipaddress import IPv6Network, ip_address

_HOST_BITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Where a request comes from.

    `address` is an IPv4 or IPv6 address. `user_agent` is short and printable, but the client chose it.
    """

    address: str | None
    user_agent: str | None
    request_id: str | None

    @property
    def network(self) -> str:
        """What limits count by: the address, or the /64 network of an IPv6 address: one host may own it."""
        if self.address is None:
            return "unknown"
        address = ip_address(self.address)
        if address.version == 4:  # noqa: PLR2004 - of the Internet Protocol
            return str(address)
        return str(IPv6Network((int(address), _HOST_BITS), strict=False))
