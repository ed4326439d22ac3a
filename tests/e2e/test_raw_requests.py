"""Requests that are broken, hostile or slow, byte by byte to the real server."""

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import System
from tests.e2e.raw_client import CHUNKED, END, SIGN_UP, exchange
from tests.services import new_database


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


@pytest.mark.parametrize("size", [b"zz", b"-1", b"", b"ffffffffffffffffff"], ids=repr)
def test_answers_400_to_a_chunk_whose_size_is_none(server: System, size: bytes) -> None:
    [answer] = exchange(server.port, SIGN_UP + CHUNKED + END + size + b"\r\n{}\r\n0\r\n\r\n")

    assert (answer.status, answer.is_problem) == (400, True)


@pytest.mark.parametrize("chunks", [b"5\r\n{", b"2\r\n{}\r\n", b""], ids=["in a chunk", "between", "at once"])
def test_answers_400_to_chunks_that_break_off(server: System, chunks: bytes) -> None:
    [answer] = exchange(server.port, SIGN_UP + CHUNKED + END + chunks, then_close=True)

    assert (answer.status, answer.is_problem) == (400, True)


def test_answers_400_to_a_body_shorter_than_its_content_length(server: System) -> None:
    [answer] = exchange(server.port, SIGN_UP + b"Content-Length: 100\r\n" + END + b"{}", then_close=True)

    assert (answer.status, answer.is_problem) == (400, True)
