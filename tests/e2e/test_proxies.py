"""Whose limit a request uses up, over real sockets and with several serving processes."""

import socket

import httpx
import pytest

from tests.support.system import NO_CERTIFICATES, System

pytestmark = pytest.mark.long

CLIENT, OTHER, FORGED = "198.51.100.1", "198.51.100.2", "203.0.113.9"


def log_in(system: System, *forwarded: str) -> int:
    response = httpx.post(
        f"http://127.0.0.1:{system.port}/api/v1/auth/login",
        json={"email": "ada@example.com", "password": "wrong horse"},
        headers=[("X-Forwarded-For", value) for value in forwarded],
        timeout=10,
        verify=NO_CERTIFICATES,
    )
    return response.status_code


@pytest.mark.parametrize("host", ["127.0.0.1", "::"])
def test_a_trusted_proxy_says_whose_request_it_is(system: System, host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no sockets for both versions of IP")
    system.start_server(
        HTTP_HOST=host, HTTP_WORKERS="2", TRUSTED_PROXIES="127.0.0.1", RATE_LIMIT_LOGINS_PER_CLIENT="3/hour"
    )

    statuses = [
        log_in(system, CLIENT),
        log_in(system, f"{FORGED}, {CLIENT}"),
        log_in(system, FORGED, f"{CLIENT}:50000"),
        log_in(system, OTHER, CLIENT),
        log_in(system, OTHER),
        log_in(system),
    ]

    assert statuses == [401, 401, 401, 429, 401, 401]
    assert "inbound.forwarded_by_untrusted_peer" not in system.log("cmd.server")


def test_nobody_else_may_choose_the_client(system: System) -> None:
    system.start_server(TRUSTED_PROXIES="10.0.0.0/8", RATE_LIMIT_LOGINS_PER_CLIENT="3/hour")

    statuses = [log_in(system, f"198.51.100.{number}") for number in range(4)]

    assert statuses == [401, 401, 401, 429]
    assert system.log("cmd.server").count("inbound.forwarded_by_untrusted_peer") == 1
    assert "198.51.100" not in system.log("cmd.server")
