"""Requests that are broken, hostile or slow, byte by byte to the real server.

Granian refuses some requests without a body. The application answers the others with a problem.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.databases import new_database
from tests.support.raw_client import CHUNKED, END, GET, LAST, SIGN_UP, Answer, connection, exchange
from tests.support.system import System

MAX_BODY_SIZE = 64 * 1024
IDLE_CONNECTIONS = 300


@pytest.fixture(scope="module")
def running_server(
    postgres: str, migrated_template: str, redis: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """One server for all of these; there is no worker, and no mail server."""
    directory = tmp_path_factory.mktemp("raw")
    with new_database(postgres, template=migrated_template) as url:
        system = System(
            database_url=url, redis_url=redis, mail_url=(directory / "mail").as_uri(), logs=directory
        )
        try:
            system.start_server()
            yield system
        finally:
            system.stop()


@pytest.fixture
def server(running_server: System) -> Iterator[System]:
    """The server, which still answers when the test has done what it does, and has reported no error."""
    yield running_server
    assert running_server.get("/livez").status_code == 200
    assert '"level": "error"' not in running_server.log("cmd.server")


def is_bare(answer: Answer) -> bool:
    """Whether it is Granian's own: no body, and the end of the connection."""
    return answer.body == b"" and answer.headers["Connection"] == "close"


@pytest.mark.parametrize(
    "request_line",
    [
        b"NONSENSE",
        b"GET /livez",
        b"GET  HTTP/1.1",
        b"GET /livez HTTP/9.9",
        b"\x16\x03\x01\x02\x00",
        b"\xff\xfe",
    ],
    ids=repr,
)
def test_answers_400_to_a_malformed_request_line(server: System, request_line: bytes) -> None:
    [answer] = exchange(server.port, request_line + b"\r\nHost: localhost\r\n" + END)

    assert (answer.status, is_bare(answer)) == (400, True)


@pytest.mark.parametrize("size", [b"zz", b"-1", b"", b"ffffffffffffffffff"], ids=repr)
def test_answers_400_to_a_malformed_chunk_size(server: System, size: bytes) -> None:
    [answer] = exchange(server.port, SIGN_UP + CHUNKED + END + size + b"\r\n{}\r\n0\r\n\r\n")

    assert (answer.status, answer.is_problem) == (400, True)


@pytest.mark.parametrize("chunks", [b"5\r\n{", b"2\r\n{}\r\n", b""], ids=["in a chunk", "between", "at once"])
def test_answers_400_to_chunks_that_break_off(server: System, chunks: bytes) -> None:
    [answer] = exchange(server.port, SIGN_UP + CHUNKED + END + chunks, then_close=True)

    assert (answer.status, answer.is_problem) == (400, True)


def test_answers_400_to_a_body_shorter_than_its_content_length(server: System) -> None:
    [answer] = exchange(server.port, SIGN_UP + b"Content-Length: 100\r\n" + END + b"{}", then_close=True)

    assert (answer.status, answer.is_problem) == (400, True)


@pytest.mark.parametrize("length", [b"-1", b"two", b"2\r\nContent-Length: 3"], ids=repr)
def test_answers_400_to_a_malformed_content_length(server: System, length: bytes) -> None:
    [answer] = exchange(server.port, SIGN_UP + b"Content-Length: " + length + b"\r\n" + END + b"{}")

    assert (answer.status, is_bare(answer)) == (400, True)


def test_takes_no_second_request_out_of_a_body_that_is_measured_twice(server: System) -> None:
    both = SIGN_UP + b"Content-Length: 5\r\n" + CHUNKED + END

    [answer] = exchange(server.port, both + b"0\r\n\r\n" + GET + END)

    assert (answer.status, answer.is_problem) == (400, True)


@pytest.mark.parametrize("sent", [b"GET /livez HT", GET, SIGN_UP + b"Content-Length: 100\r\n" + END + b"{"])
def test_a_slow_request_delays_no_other(server: System, sent: bytes) -> None:
    with connection(server.port) as slow:
        slow.sendall(sent)
        time.sleep(0.1)

        started = time.monotonic()
        [answer] = exchange(server.port, GET + LAST + END)

        assert answer.status == 200
        assert time.monotonic() - started < 1


def test_a_request_that_comes_slowly_is_answered(server: System) -> None:
    with connection(server.port) as slow:
        for byte in GET + LAST + END:
            slow.sendall(bytes([byte]))
            time.sleep(0.002)

        assert slow.recv(1024).startswith(b"HTTP/1.1 200 ")


def test_answers_431_to_headers_that_are_too_many(server: System) -> None:
    headers = b"".join(b"X-%d: x\r\n" % number for number in range(200))

    [answer] = exchange(server.port, GET + headers + END)

    assert (answer.status, is_bare(answer)) == (431, True)


def test_ends_a_connection_whose_header_is_too_long(server: System) -> None:
    answers = exchange(server.port, GET + b"X-Long: " + b"a" * 4 * 1024 * 1024 + b"\r\n" + END)

    assert [answer.status for answer in answers] in ([431], [])


def test_answers_414_to_a_path_that_is_too_long(server: System) -> None:
    [answer] = exchange(server.port, b"GET /" + b"a" * 66_000 + b" HTTP/1.1\r\nHost: localhost\r\n" + END)

    assert (answer.status, is_bare(answer)) == (414, True)


def test_answers_413_as_soon_as_a_content_length_is_over_64_kib(server: System) -> None:
    length = b"Content-Length: %d\r\n" % (MAX_BODY_SIZE + 1)

    [answer] = exchange(server.port, SIGN_UP + length + END)

    assert (answer.status, answer.is_problem) == (413, True)


def test_a_client_that_keeps_sending_over_64_kib_gets_a_413_or_a_reset(server: System) -> None:
    size = 100 * MAX_BODY_SIZE

    answers = exchange(server.port, SIGN_UP + b"Content-Length: %d\r\n" % size + END + b" " * size)

    assert [answer.status for answer in answers] in ([413], [])


def test_answers_413_as_soon_as_chunks_are_over_64_kib(server: System) -> None:
    size = MAX_BODY_SIZE + 1

    [answer] = exchange(server.port, SIGN_UP + CHUNKED + END + b"%x\r\n" % size + b" " * size)

    assert (answer.status, answer.is_problem) == (413, True)


def test_answers_400_to_json_that_is_not_utf_8(server: System) -> None:
    body = b'{"email": "\xff\xfe"}'

    [answer] = exchange(server.port, SIGN_UP + b"Content-Length: %d\r\n" % len(body) + LAST + END + body)

    assert (answer.status, answer.is_problem) == (400, True)


def test_answers_400_to_a_nul_in_the_path_and_404_to_one_that_is_encoded(server: System) -> None:
    [bare] = exchange(server.port, b"GET /a\x00b HTTP/1.1\r\nHost: localhost\r\n" + END)
    [encoded] = exchange(server.port, b"GET /a%00b HTTP/1.1\r\nHost: localhost\r\n" + LAST + END)

    assert (bare.status, is_bare(bare)) == (400, True)
    assert (encoded.status, encoded.is_problem) == (404, True)
    assert json.loads(encoded.body)["instance"] == "/a%00b"


def test_answers_http_1_0_and_closes(server: System) -> None:
    [answer] = exchange(server.port, b"GET /livez HTTP/1.0\r\n\r\n")

    assert (answer.version, answer.status) == (b"HTTP/1.0", 200)


@pytest.mark.parametrize(
    "host", [b"x:99999999", b"[::1", b"evil.example/../<script>", b"\xff\xfe", b"a b"], ids=repr
)
def test_no_host_header_ends_in_our_error_or_in_an_answer(server: System, host: bytes) -> None:
    [found] = exchange(server.port, b"GET /livez HTTP/1.1\r\nHost: " + host + b"\r\n" + LAST + END)
    [not_found] = exchange(server.port, b"GET /nothing HTTP/1.1\r\nHost: " + host + b"\r\n" + LAST + END)

    assert found.status in {200, 400}
    assert not_found.status in {404, 400}
    assert host not in found.body + not_found.body


def test_answers_pipelined_requests_one_by_one_and_in_order(server: System) -> None:
    unknown = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n"

    answers = exchange(server.port, GET + END + unknown + END + GET + LAST + END)

    assert [answer.status for answer in answers] == [200, 404, 200]


def request(line: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([line + b" HTTP/1.1", b"Host: localhost", *headers]) + b"\r\n"


UNREAD = {
    "401": request(b"GET /api/v1/users/me"),
    "404": request(b"POST /nothing"),
    "405": request(b"POST /livez"),
    "415": request(b"POST /api/v1/auth/register", b"Content-Type: text/plain"),
    "200": request(b"GET /livez"),
    "204": request(b"OPTIONS /livez"),
}
FRAMED = {
    "with a length": b"Content-Length: 10\r\n" + END + b"0123456789",
    "with a length, to come": b"Content-Length: 10\r\n" + END,
    "in chunks": CHUNKED + END + b"a\r\n0123456789\r\n0\r\n\r\n",
    "in chunks, to come": CHUNKED + END + b"a\r\n01234",
    "that is expected": b"Expect: 100-continue\r\nContent-Length: 10\r\n" + END,
    "that looks like a request": b"Content-Length: %d\r\n" % len(GET + END) + END + GET + END,
}


@pytest.mark.parametrize("body", FRAMED.values(), ids=FRAMED)
@pytest.mark.parametrize(("status", "head"), UNREAD.items(), ids=UNREAD)
def test_closes_after_a_body_that_was_not_read(server: System, status: str, head: bytes, body: bytes) -> None:
    [answer] = exchange(server.port, head + body)

    assert (answer.status, answer.headers["Connection"]) == (int(status), "close")


def test_closes_after_a_body_that_was_read_in_part(server: System) -> None:
    for body in (
        b"Content-Length: %d\r\n" % (MAX_BODY_SIZE + 1) + END,
        CHUNKED + END + b"%x\r\n" % (MAX_BODY_SIZE + 1) + b" " * (MAX_BODY_SIZE + 1),
    ):
        [answer] = exchange(server.port, SIGN_UP + body)

        assert (answer.status, answer.headers["Connection"]) == (413, "close")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (b"register", b"{}", 422),
        (b"register", b"{", 400),
        (b"register", b'{"a": 1, "a": 1}', 400),
        (b"register", b"", 400),
        (b"login", b'{"email": "nobody@example.com", "password": "wrong horse"}', 401),
    ],
)
def test_keeps_the_connection_after_a_body_that_was_read(
    server: System, path: bytes, body: bytes, status: int
) -> None:
    head = request(b"POST /api/v1/auth/" + path, b"Content-Type: application/json")
    with_length = head + b"Content-Length: %d\r\n" % len(body) + END + body
    chunk = b"%x\r\n" % len(body) + body + b"\r\n" if body else b""
    in_chunks = head + CHUNKED + END + chunk + b"0\r\n\r\n"

    answers = exchange(server.port, with_length + in_chunks + GET + LAST + END)

    assert [answer.status for answer in answers] == [status, status, 200]
    assert [answer.headers["Connection"] for answer in answers[:2]] == [None, None]


def test_asks_for_a_body_only_where_it_is_read(server: System) -> None:
    body = b'{"email": "nobody@example.com", "password": "wrong horse"}'
    expecting = b"Expect: 100-continue\r\nContent-Length: %d\r\n" % len(body) + LAST + END

    with connection(server.port) as client, client.makefile("rb") as answers:
        client.sendall(request(b"POST /api/v1/auth/login", b"Content-Type: application/json") + expecting)
        asked = answers.readline() + answers.readline()
        client.sendall(body)
        answered = answers.readline()

    assert asked == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answered.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("path", [b"/livez", b"/readyz", b"/api/v1/users/me", b"/nothing"])
def test_answers_head_with_the_headers_of_get_and_nothing_else(server: System, path: bytes) -> None:
    [got] = exchange(server.port, request(b"GET " + path, b"Connection: close") + END)

    heads = exchange(
        server.port,
        request(b"HEAD " + path) + END + request(b"HEAD " + path, b"Connection: close") + END,
        are_bodiless=True,
    )

    assert [(head.status, head.headers["Content-Length"]) for head in heads] == [
        (got.status, str(len(got.body)))
    ] * 2


@pytest.mark.parametrize("path", [b"/livez", b"/nothing", b"/api/v1/users/me", b"/" + b"a" * 100_000, b"\0"])
def test_names_no_version_of_its_software(server: System, path: bytes) -> None:
    [answer] = exchange(server.port, request(b"GET " + path, b"Connection: close") + END)

    said = f"{answer.headers}{answer.body.decode()}".casefold()
    assert answer.headers.get("Server", "granian") == "granian"
    assert not any(name in said for name in ("litestar", "python", "x-powered-by"))


def test_signs_up_beside_many_connections_that_are_idle(server: System) -> None:
    with ExitStack() as idle:
        for number in range(IDLE_CONNECTIONS):
            client = idle.enter_context(connection(server.port))
            client.sendall(b"GET /livez HT" if number % 2 else b"")

        started = time.monotonic()
        response = server.sign_up("idle@example.com")

        assert response.status_code == 201
        assert time.monotonic() - started < 2
