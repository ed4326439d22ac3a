"""A deletion leaves nothing that names the user, in Postgres or in Redis."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import httpx
import pytest
import redis

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support import postgres_contents, redis_contents
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.smtp_server import SmtpServer
from tests.support.system import NO_CERTIFICATES, PASSWORD, System

ADDRESS, NAME, AGENT = "canary-address@example.com", "Lovelace", "canary-agent"
OTHER = "other@example.com"
CANARIES = (ADDRESS, NAME, AGENT)


@pytest.fixture
def server(system: System, tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis that the test may stop, with an append-only file."""
    server = EmbeddedRedis(tmp_path / "redis", password=token_hex())
    system.env["REDIS_URL"] = server.start()
    yield server
    server.stop()


def call(system: System, method: str, path: str, body: object, token: str | None = None) -> httpx.Response:
    headers = {"User-Agent": AGENT, **({"Authorization": f"Bearer {token}"} if token else {})}
    url = f"http://127.0.0.1:{system.port}/api/v1{path}"
    return httpx.request(method, url, json=body, headers=headers, timeout=20, verify=NO_CERTIFICATES)


def sign_up(system: System) -> str:
    body = {"email": ADDRESS, "name": f"Ada {NAME}", "password": PASSWORD}
    response = call(system, "POST", "/auth/register", body)
    assert response.status_code == 201
    return str(response.json()["data"]["token"])


def delete(system: System, token: str) -> None:
    assert call(system, "DELETE", "/users/me", {"password": PASSWORD}, token).status_code == 200


def states(system: System) -> list[str]:
    return sorted(task.state for task in queued(system.env["REDIS_URL"]))


def in_postgres(system: System) -> set[str]:
    everything = postgres_contents.contents(system.env["DATABASE_URL"])
    return {canary for canary in CANARIES if canary in everything}


def in_redis(system: System) -> set[str]:
    everything = redis_contents.contents(system.env["REDIS_URL"])
    return {canary for canary in CANARIES if canary in everything}


def in_append_only_file(system: System, directory: Path) -> set[str]:
    """After the rewrite that Redis does on its own when the file has grown."""
    with redis.Redis.from_url(system.env["REDIS_URL"]) as client:
        client.bgrewriteaof()
        eventually(lambda: not client.info("persistence")["aof_rewrite_in_progress"], within=20)
    files = [file.read_bytes() for file in directory.rglob("*.aof*")]
    assert files
    return {canary for canary in CANARIES for text in files if canary.encode() in text}


@pytest.mark.usefixtures("server")
def test_a_deletion_leaves_nothing_that_names_the_user(
    system: System, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    system.start_server()
    system.start_worker()
    token = sign_up(system)
    eventually(lambda: smtp_server.messages() != [], within=20)
    call(system, "POST", "/auth/login", {"email": ADDRESS, "password": "wrong horse"})
    smtp_server.rcpt_reply = "450 later"
    call(system, "POST", "/auth/resend-verification", {"email": ADDRESS})
    eventually(lambda: states(system) == ["retry"], within=20)
    smtp_server.rcpt_reply = "550 unknown"
    call(system, "POST", "/auth/forgot-password", {"email": ADDRESS})
    eventually(lambda: states(system) == ["archived", "retry"], within=20)
    assert in_postgres(system) == set(CANARIES)
    assert ADDRESS in in_redis(system)

    delete(system, token)
    eventually(lambda: states(system) == [], within=20)

    eventually(lambda: in_postgres(system) == set(), within=20)
    assert in_redis(system) == set()
    assert in_append_only_file(system, tmp_path / "redis") == set()
    assert call(system, "POST", "/auth/login", {"email": ADDRESS, "password": PASSWORD}).status_code == 401


def test_an_account_can_be_deleted_while_redis_is_down(
    system: System, server: EmbeddedRedis, smtp_server: SmtpServer
) -> None:
    smtp_server.rcpt_reply = "450 later"
    system.start_server()
    worker = system.start_worker()
    token = sign_up(system)
    eventually(lambda: states(system) == ["retry"], within=20)
    worker.terminate()
    assert worker.wait(30) == 0
    server.stop()

    delete(system, token)

    # Security events still say from where the user came, until a worker runs.
    assert in_postgres(system) == {AGENT}
    server.start()
    system.start_worker()
    eventually(lambda: in_postgres(system) == set() and in_redis(system) == set(), within=30)
    assert [message["To"] for message in smtp_server.messages()] == []


@pytest.mark.usefixtures("server")
def test_a_deletion_leaves_the_tasks_of_others(system: System, smtp_server: SmtpServer) -> None:
    smtp_server.rcpt_reply = "450 later"
    system.start_server()
    system.start_worker()
    token = sign_up(system)
    other = system.sign_up(OTHER).json()["data"]["user"]
    eventually(lambda: states(system) == ["retry", "retry"], within=20)

    delete(system, token)

    eventually(lambda: states(system) == ["retry"], within=20)
    [left] = queued(system.env["REDIS_URL"])
    assert left.message.kwargs == {"user_id": other["id"]}
