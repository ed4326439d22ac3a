from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request
from structlog.testing import capture_logs

from internal.domain.caller import Caller
from internal.infrastructure.http.caller import Callers

pytestmark = pytest.mark.anyio

PROXIES = ("10.0.0.0/8", "2001:db8::/32")


def request_from(
    peer: str | None, *, forwarded: Sequence[str] = (), user_agent: bytes | None = None
) -> Request[Any, Any, Any]:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    if user_agent is not None:
        headers.append((b"user-agent", user_agent))
    client = (peer, "50000") if peer else None
    scope: Any = {"type": "http", "headers": headers, "client": client, "state": {"request_id": "7"}}
    return Request(scope)


async def caller_of(
    peer: str | None, *, forwarded: Sequence[str] = (), trusted: Sequence[str] = PROXIES
) -> Caller:
    callers = Callers(trusted=tuple(map(ip_network, trusted)))
    return await callers.provide_caller(request_from(peer, forwarded=forwarded))


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("", None),
        (None, None),
        ("a socket", None),
    ],
)
async def test_finds_the_peer_of_the_connection(peer: str | None, address: str | None) -> None:
    assert (await caller_of(peer)).address == address


@pytest.mark.parametrize(
    "forwarded", [["198.51.100.1"], ["10.0.0.1"], ["198.51.100.1, 192.0.2.7"], [""], ["nonsense"]]
)
@pytest.mark.parametrize("trusted", [(), PROXIES], ids=["nobody is trusted", "others are trusted"])
async def test_an_untrusted_peer_cannot_choose_its_address(
    forwarded: Sequence[str], trusted: Sequence[str]
) -> None:
    assert (await caller_of("192.0.2.7", forwarded=forwarded, trusted=trusted)).address == "192.0.2.7"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        # What the client itself has sent is on the left.
        (["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        (["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        (["203.0.113.9, 198.51.100.1, 10.0.0.2", "10.0.0.3,10.1.2.3"], "198.51.100.1"),
        (["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
        # All are proxies: the first one sent it.
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (["2001:db8::2, 10.0.0.2"], "2001:db8::2"),
        (["2a00::5"], "2a00::5"),
        (["[2a00::5]"], "2a00::5"),
        (["[2a00::5]:443"], "2a00::5"),
        (["198.51.100.1:50000"], "198.51.100.1"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1, ::ffff:10.0.0.2"], "198.51.100.1"),
        (["\t198.51.100.1 "], "198.51.100.1"),
    ],
)
async def test_trusted_proxies_say_for_whom_they_call(forwarded: Sequence[str], address: str) -> None:
    assert (await caller_of("10.0.0.1", forwarded=forwarded)).address == address
    assert (await caller_of("::ffff:10.0.0.1", forwarded=forwarded)).address == address


@pytest.mark.parametrize(
    "junk",
    [
        "",
        ",",
        "unknown",
        "_hidden",
        "198.51.100",
        "198.51.100.1.2",
        "0198.51.100.1",
        "198.51.100.1:",
        "198.51.100.1 10.0.0.2",
        "198.51.100.1;10.0.0.2",
        "[2a00::5",
        "2a00::5]:80",
        "[198.51.100.1]:x",
        "2a00:::5",
        "for=198.51.100.1",
        "<script>",
        "\xe9",
        "1" * 5000,
        "\u0661".encode().decode("latin-1"),
    ],
)
async def test_an_entry_without_an_address_ends_the_search(junk: str) -> None:
    assert (await caller_of("10.0.0.1", forwarded=[f"198.51.100.1, {junk}"])).address == "10.0.0.1"
    assert (await caller_of("10.0.0.1", forwarded=[f"{junk}, 10.0.0.2"])).address == "10.0.0.2"


@given(forwarded=st.lists(st.text(st.characters(max_codepoint=255))), peer=st.text())
async def test_no_header_breaks_it(forwarded: list[str], peer: str) -> None:
    caller = await caller_of(peer, forwarded=forwarded)

    assert caller.network


async def test_ten_thousand_proxies_are_read() -> None:
    hops = ",".join(["198.51.100.1", *["10.0.0.2"] * 10_000])

    assert (await caller_of("10.0.0.1", forwarded=[hops])).address == "198.51.100.1"


async def test_an_untrusted_forwarded_header_is_logged_once_and_without_addresses() -> None:
    callers = Callers(trusted=[ip_network("10.0.0.0/8")])

    with capture_logs() as logs:
        await callers.provide_caller(request_from("192.0.2.7"))
        await callers.provide_caller(request_from("10.0.0.1", forwarded=["198.51.100.1"]))
        for _ in range(3):
            await callers.provide_caller(request_from("192.0.2.7", forwarded=["198.51.100.1"]))

    assert logs == [{"event": "inbound.forwarded_by_untrusted_peer", "log_level": "warning"}]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        (b"", None),
        (b"\x00\x1b\x7f\t", None),
        (b"curl/8.5.0", "curl/8.5.0"),
        (b"a\x1b[2Jb\tc\xa0d", "a[2Jbcd"),
        (b"x" * 300, "x" * 256),
    ],
)
async def test_the_user_agent_is_short_and_printable(given: bytes | None, kept: str | None) -> None:
    caller = await Callers(trusted=()).provide_caller(request_from("192.0.2.7", user_agent=given))

    assert (caller.user_agent, caller.request_id) == (kept, "7")
