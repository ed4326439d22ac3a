"""docs/several-hosts.md: servers accept its configuration, and its names are those of the program."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from internal.infrastructure.config.service_url import PostgresUrl, SentinelUrl
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.embedded.process import free_port, stop
from tests.support.configured_redis import answers, configured_redis, spawn_redis
from tests.support.documented_examples import OPERATIONS, README, ROOT, blocks
from tests.support.polling import eventually

PAGE = ROOT / "docs" / "several-hosts.md"
TEXT = PAGE.read_text()
BLOCKS = blocks(PAGE)
SETTINGS = {name.upper() for name in Settings.model_fields}


def rows(heading: str) -> Iterator[list[str]]:
    """Yield the cells of the table below a heading, without its header."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    yield from ([cell.strip() for cell in line.strip("|").split("|")] for line in table[2:])


def test_every_variable_is_a_setting() -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)[`=]", TEXT))

    assert named
    assert named - SETTINGS == set()


def test_every_setting_that_hosts_share_is_listed_or_free() -> None:
    equal = set(
        re.findall(r"`([A-Z_]+)`", " ".join(row[0] for row in rows("What must be equal on all hosts")))
    )

    assert {"JWT_SECRET", "WORKER_LEASE", "DATABASE_URL", "REDIS_URL", "WORKER_QUEUE_LIMITS"} <= equal
    assert equal <= SETTINGS


def test_the_numbers_of_tasks_are_those_of_the_cpu_that_they_cost() -> None:
    for _, cost, rate in rows("What one Redis can feed"):
        microseconds = int(cost.removesuffix(" us"))
        a_second = int(rate.removesuffix(" a second").replace(",", ""))

        assert a_second == pytest.approx(1_000_000 / microseconds, rel=0.03)


def test_its_urls_are_understood() -> None:
    [sentinels] = re.findall(r"`REDIS_URL=(redis\S+)`", TEXT)
    [postgres] = re.findall(r"`DATABASE_URL=(postgresql\S+)`", TEXT)

    assert len(SentinelUrl.parse(sentinels).sentinels) == 3
    assert PostgresUrl.parse(postgres).address == "one:5432,two:5432/users"


def test_redis_accepts_its_directives(tmp_path: Path) -> None:
    directives = BLOCKS["redis"].splitlines()
    port = free_port()
    url = f"redis://127.0.0.1:{port}"

    with configured_redis(
        tmp_path / "own", f"port {port}", *directives, program=None, admin_url=url
    ) as admin:
        known: list[Any] = [admin.config_get(line.split()[0]) for line in directives]

    assert known == [dict([line.split()]) for line in directives]


def test_a_sentinel_accepts_its_directives(tmp_path: Path) -> None:
    port = free_port()
    directives = (f"port {port}", *BLOCKS["sentinel"].splitlines())
    sentinel = spawn_redis(tmp_path / "own", *directives, program=None, arguments=("--sentinel",))
    try:
        with redis.Redis(port=port) as client:
            eventually(lambda: answers(client), within=20)
            watched: Any = client.sentinel_master("tasks")
    finally:
        stop(sentinel)

    assert (watched["quorum"], watched["down-after-milliseconds"]) == (2, 5000)


@pytest.mark.parametrize("document", [README, OPERATIONS], ids=lambda path: path.name)
def test_other_pages_link_it(document: Path) -> None:
    assert "several-hosts.md" in document.read_text()
