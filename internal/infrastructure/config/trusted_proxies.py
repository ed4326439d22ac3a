"""The addresses of reverse proxies, whose header X-Forwarded-For counts."""

from ipaddress import IPv4Network, IPv6Network, ip_network

NO_PROXIES = "none"
_FIRST_BIT_OF_MAPPED = 96

Network = IPv4Network | IPv6Network


def parse_trusted_proxies(value: str) -> tuple[Network, ...]:
    """Read `10.0.0.0/8,2001:db8::7`, or `none`.

    Raises:
        ValueError: a part is not an address or a network, or is the whole Internet.
    """
    if value.strip().lower() == NO_PROXIES:
        return ()
    return tuple(_network(part.strip()) for part in value.split(","))


def _network(text: str) -> Network:
    try:
        network = _plain(ip_network(text))
    except ValueError as error:
        raise ValueError(
            "must be addresses and networks such as 10.0.0.0/8,2001:db8::7, separated by commas, or none"
        ) from error
    if network.prefixlen == 0:
        raise ValueError("must not contain every address: anyone could choose the address to be counted by")
    return network


def _plain(network: Network) -> Network:
    """An IPv4 network that is written as `::ffff:10.0.0.0/104`, as such."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < _FIRST_BIT_OF_MAPPED:
        return network
    return IPv4Network((mapped, network.prefixlen - _FIRST_BIT_OF_MAPPED))
