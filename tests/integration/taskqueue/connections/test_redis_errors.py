"""Why Redis did not do what it was asked to."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis as blocking

from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.taskqueue.connections.connection import connect, pool_of
from internal.infrastructure.taskqueue.inspection.write_probe import WriteProbe, refusal_of_workers
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from tests.support.configured_redis import answers, configured_redis
from tests.support.full_redis import full
from tests.support.polling import eventually
from tests.support.refusing_redis import (
    A_REPLICA,
    FULL,
    NO_DISK,
    NO_REPLICAS,
    Refusing,
    as_a_replica,
    without_a_disk,
    without_replicas,
)

pytestmark = pytest.mark.anyio

KEYS = 1000
LOADS_FOR = 4  # seconds


async def reasons_at(url: str) -> tuple[str | None, str | None]:
    """Why it takes no task, and no word of a worker."""
    client, probe = connect(url), WriteProbe(pool_of(url), namespace=hash_tag(NAMESPACE))
    try:
        return await probe.refusal(), await refusal_of_workers(client, namespace=hash_tag(NAMESPACE))
    finally:
        await client.aclose()
        await probe.close()


async def test_a_redis_that_is_well_has_no_reason(redis_url: str) -> None:
    assert await reasons_at(redis_url) == (None, None)


async def test_names_a_redis_that_is_away(absent_port: int) -> None:
    reasons = await reasons_at(f"redis://127.0.0.1:{absent_port}/0")

    assert set(reasons) <= {"Redis cannot be reached: connection refused", "Redis does not answer in time"}


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("", "Redis requires a password (NOAUTH)"),
        (":wrong@", "Redis refuses the user name or the password (WRONGPASS)"),
        ("reader:secret@", "Redis denies this user a permission that the task queue needs (NOPERM)"),
        (":secret@", None),
    ],
)
async def test_names_what_is_wrong_with_a_login(
    tmp_path: Path, redis_program: Path | None, login: str, reason: str | None
) -> None:
    host = f"127.0.0.1:{free_port()}"
    directives = (
        f"port {host.partition(':')[2]}",
        "requirepass secret",
        "user reader on >secret ~* +@read +ping",
    )
    admin_url = f"redis://:secret@{host}/0"

    with configured_redis(tmp_path / "own", *directives, program=redis_program, admin_url=admin_url):
        assert await reasons_at(f"redis://{login}{host}/0") == (reason, reason)


@pytest.mark.parametrize(
    ("refusing", "reason"),
    [(without_replicas, NO_REPLICAS), (as_a_replica, A_REPLICA), (without_a_disk, NO_DISK)],
)
async def test_names_what_keeps_redis_from_writing(
    tmp_path: Path, redis_program: Path | None, refusing: Refusing, reason: str
) -> None:
    directory, port = tmp_path / "own", free_port()
    url = f"redis://127.0.0.1:{port}/0"

    with configured_redis(directory, f"port {port}", program=redis_program, admin_url=url) as admin:
        with refusing(admin, directory):
            assert await reasons_at(url) == (reason, reason)
        assert await reasons_at(url) == (None, None)


async def test_names_a_full_redis_that_hears_its_workers(redis_url: str) -> None:
    with full(redis_url):
        assert await reasons_at(redis_url) == (FULL, None)


@pytest.fixture
def loading_redis(tmp_path: Path, redis_program: Path | None) -> Iterator[str]:
    """The URL of a server that takes some seconds to read its data."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    directives = (f"port {port}", "enable-debug-command yes", "loading-process-events-interval-bytes 1024")
    with configured_redis(tmp_path / "own", *directives, program=redis_program, admin_url=url) as admin:
        admin.mset({f"key-{number}": "a" * 100 for number in range(KEYS)})
        admin.config_set("key-load-delay", LOADS_FOR * 1_000_000 // KEYS)
        threading.Thread(target=reload, args=[url], daemon=True).start()
        eventually(lambda: not answers(admin), within=10)
        yield url


def reload(url: str) -> None:
    with suppress(blocking.ConnectionError), blocking.Redis.from_url(url) as client:
        client.execute_command("DEBUG", "RELOAD")


async def test_names_a_redis_that_is_loading(loading_redis: str) -> None:
    reason = "Redis is still loading its data (LOADING)"

    assert await reasons_at(loading_redis) == (reason, reason)
