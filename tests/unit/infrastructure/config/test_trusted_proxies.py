from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.config.trusted_proxies import parse_trusted_proxies


@pytest.mark.parametrize("value", ["none", "None", " none "])
def test_none_trusts_nobody(value: str) -> None:
    assert parse_trusted_proxies(value) == ()


def test_reads_addresses_and_networks_of_both_versions() -> None:
    parsed = parse_trusted_proxies("10.0.0.0/8, 192.0.2.7 ,2001:db8::/32,::1")

    assert parsed == tuple(map(ip_network, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "::1/128"]))


def test_an_ipv4_network_may_be_written_as_a_part_of_ipv6() -> None:
    assert parse_trusted_proxies("::ffff:10.0.0.0/104,::ffff:192.0.2.7") == (
        ip_network("10.0.0.0/8"),
        ip_network("192.0.2.7/32"),
    )


@given(value=st.text())
def test_any_other_text_is_a_value_error(value: str) -> None:
    try:
        networks = parse_trusted_proxies(value)
    except ValueError:
        return

    assert all(network.prefixlen for network in networks)
