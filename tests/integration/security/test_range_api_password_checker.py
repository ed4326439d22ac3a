"""The check against a list of breached passwords, over HTTP on localhost."""

import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from socket import socket
from unicodedata import normalize

import pytest
import trustme
from structlog.testing import capture_logs

from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.security.range_api_password_checker import RangeApiPasswordChecker
from internal.ports.password_checker import Weakness
from tests.support.broken_servers import Handler, close, listening, say_nothing
from tests.support.configured_logging import configured_logging
from tests.support.range_api import RangeApi, digest_of, range_api

pytestmark = pytest.mark.anyio

STOLEN = "correct horse"
FAILED = "password.breach_check_failed"


@pytest.fixture
def api() -> Iterator[RangeApi]:
    with range_api(STOLEN, "caf\u00e9 caf\u00e9") as api:
        yield api


def checker_of(url: str, *, within: float = 10) -> RangeApiPasswordChecker:
    return RangeApiPasswordChecker(url=url, within=timedelta(seconds=within))


async def test_finds_a_breached_password(api: RangeApi) -> None:
    assert await checker_of(api.url).weakness_of(STOLEN, personal=[]) is Weakness.BREACHED
    assert await checker_of(api.url + "/").weakness_of(STOLEN, personal=[]) is Weakness.BREACHED
    assert await checker_of(api.url).weakness_of("another horse", personal=[]) is None


async def test_ignores_padding(api: RangeApi) -> None:
    api.padded = {"battery staple"}

    assert await checker_of(api.url).weakness_of("battery staple", personal=[]) is None


async def test_reads_digests_of_any_case(api: RangeApi) -> None:
    api.answer = f"{digest_of(STOLEN)[5:].lower()}:1\n".encode()

    assert await checker_of(api.url).weakness_of(STOLEN, personal=[]) is Weakness.BREACHED


@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_looks_for_the_form_that_is_hashed(api: RangeApi, form: str) -> None:
    password = normalize("NFC" if form == "NFC" else "NFD", "caf\u00e9 caf\u00e9")

    assert await checker_of(api.url).weakness_of(password, personal=[]) is Weakness.BREACHED


async def test_sends_only_five_digits_of_the_digest(api: RangeApi) -> None:
    await checker_of(api.url).weakness_of(STOLEN, personal=["ada@example.com"])

    [(path, headers)] = api.requests
    assert path == f"/range/{digest_of(STOLEN)[:5]}"
    assert headers["Add-Padding"] == "true"
    assert not {"Cookie", "Authorization", "Referer"} & headers.keys()


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (503, b"", "the list answered with status 503"),
        (404, b"", "the list answered with status 404"),
        (302, b"", "the list answered with status 302"),
        (200, b"<html>Please log in</html>", "the answer is not a list of digests"),
        (200, b"\xff\x00", "the answer is not a list of digests"),
        (200, b"0" * 2_000_000, "the answer of the list is too long"),
    ],
)
async def test_accepts_the_password_where_the_list_gives_no_answer(
    api: RangeApi, status: int, answer: bytes, reason: str
) -> None:
    api.status, api.answer = status, answer

    with capture_logs() as events:
        found = await checker_of(api.url).weakness_of(STOLEN, personal=[])

    assert found is None
    assert events == [{"event": FAILED, "log_level": "warning", "reason": reason}]
    assert len(api.requests) == 1


def drip(connection: socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    while True:
        connection.sendall(b"0")
        time.sleep(0.05)


def break_off(connection: socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n0018A")


def speak_another_protocol(connection: socket) -> None:
    connection.recv(1000)
    connection.sendall(b"220 ready\r\n")


@pytest.mark.parametrize(
    ("handle", "reason"),
    [
        (close, "the connection was closed"),
        (break_off, "RemoteProtocolError"),
        (speak_another_protocol, "RemoteProtocolError"),
    ],
)
async def test_accepts_the_password_where_the_list_fails(handle: Handler, reason: str) -> None:
    with listening(handle) as port, capture_logs() as events:
        found = await checker_of(f"http://127.0.0.1:{port}").weakness_of(STOLEN, personal=[])

    assert found is None
    assert [event["reason"] for event in events] == [reason]


@pytest.mark.parametrize(
    ("handle", "scheme"), [(say_nothing, "http"), (say_nothing, "https"), (drip, "http")]
)
async def test_accepts_the_password_where_the_list_is_slow(handle: Handler, scheme: str) -> None:
    with listening(handle) as port, capture_logs() as events:
        checker = checker_of(f"{scheme}://127.0.0.1:{port}", within=0.5)
        started = time.monotonic()
        found = await checker.weakness_of(STOLEN, personal=[])

        assert time.monotonic() - started < 2

    assert found is None
    assert [event["reason"] for event in events] == ["no answer in time"]


async def test_accepts_the_password_where_the_list_is_down() -> None:
    with capture_logs() as events:
        found = await checker_of(f"http://127.0.0.1:{free_port()}").weakness_of(STOLEN, personal=[])

    assert found is None
    assert [event["reason"] for event in events] == ["connection refused"]


async def test_trusts_the_certificate_authorities_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    with range_api(STOLEN, tls=tls) as api, capture_logs() as events:
        unknown = await checker_of(api.url).weakness_of(STOLEN, personal=[])
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        known = await checker_of(api.url).weakness_of(STOLEN, personal=[])

    assert (unknown, known) == (None, Weakness.BREACHED)
    assert [event["reason"].partition(" (")[0] for event in events] == ["bad certificate"]


async def test_no_log_line_shows_what_was_asked(api: RangeApi, capsys: pytest.CaptureFixture[str]) -> None:
    with configured_logging(level="DEBUG"):
        await checker_of(api.url).weakness_of(STOLEN, personal=[])
        api.status = 500
        await checker_of(api.url).weakness_of(STOLEN, personal=[])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert FAILED in lines[0]
    assert digest_of(STOLEN)[:5] not in lines[0]
