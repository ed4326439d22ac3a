from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from internal.domain.caller import Caller
from internal.infrastructure.config.trusted_proxies import parse_trusted_proxies
from internal.infrastructure.grpc.callers import Callers
from internal.infrastructure.grpc.metadata import ServicerContext


@dataclass
class FakeContext:
    given_peer: str = "ipv4:192.0.2.7:50123"
    metadata: list[tuple[str, Any]] = field(default_factory=list)

    def peer(self) -> str:
        return self.given_peer

    def invocation_metadata(self) -> list[tuple[str, Any]]:
        return self.metadata


def caller(context: FakeContext, *, trusted: str = "none") -> Caller:
    return Callers(trusted=parse_trusted_proxies(trusted)).caller_of(cast("ServicerContext", context))


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:192.0.2.7:50123", "192.0.2.7"),
        ("ipv6:%5B2001:db8::7%5D:50123", "2001:db8::7"),
        ("ipv6:[2001:db8::7]:50123", "2001:db8::7"),
        ("ipv6:%5B::ffff:192.0.2.7%5D:50123", "192.0.2.7"),
        ("ipv6:%5Bfe80::1%25eth0%5D:50123", "fe80::1"),
        ("unix:/run/grpc.sock", None),
        ("", None),
    ],
)
def test_reads_the_address_of_the_peer(peer: str, address: str | None) -> None:
    assert caller(FakeContext(peer)).address == address


def test_believes_only_a_trusted_proxy() -> None:
    context = FakeContext(metadata=[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "198.51.100.2")])

    assert caller(context).address == "192.0.2.7"
    assert caller(context, trusted="192.0.2.7").address == "198.51.100.2"


def test_keeps_a_well_formed_request_id() -> None:
    context = FakeContext(metadata=[("x-request-id", "checkout-7")])

    assert caller(context).request_id == "checkout-7"


@pytest.mark.parametrize("ids", [[], ["ada@example.com"], ["one", "\n"], ["x" * 129]])
def test_makes_a_request_id_up_otherwise(ids: list[str]) -> None:
    context = FakeContext(metadata=[("x-request-id", each) for each in ids])

    request_id = caller(context).request_id or ""

    assert len(request_id) == 36
    assert request_id not in ids


def test_shortens_the_user_agent() -> None:
    context = FakeContext(metadata=[("user-agent", "grpc-python/1.85.3\x00" + "x" * 300)])

    assert caller(context).user_agent == ("grpc-python/1.85.3" + "x" * 300)[:256]


def test_ignores_binary_values() -> None:
    assert caller(FakeContext(metadata=[("user-agent", b"grpc")])).user_agent is None
