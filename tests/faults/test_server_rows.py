"""F16, F24 to F26, and F30: the server is stopped, has another clock, a backlog behind it, or cannot log."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from benchmarks.engine import Engine
from benchmarks.inspector import measure
from internal.infrastructure.embedded.process import free_port, spawn, stop
from internal.infrastructure.embedded.redis import EmbeddedRedis
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.faults.clocked_redis import SKEWED
from tests.support.faults.measurements import Row, p99
from tests.support.faults.rounds import IS_LONG, repeated
from tests.support.faults.site import STARTS_WITHIN, Site
from tests.support.faults.traffic import Traffic, seconds, statuses
from tests.support.polling import eventually

SIGN_UPS = 400 if IS_LONG else 50
BACKLOG = 1_000_000 if IS_LONG else 100_000
LOOKED_AT = 1_000_000 if IS_LONG else 20_000
QUIET_WITHIN = 90  # seconds
DRAINED_WITHIN = BACKLOG / 1000  # seconds, five times what is promised


@repeated
def test_f16_a_server_that_is_told_to_stop_answers_what_is_under_way(site: Site, row: Row) -> None:
    with site.traffic("stopping") as traffic:
        with traffic.flowing(at_once=4, every=0.02), site.locked("users") as users:
            time.sleep(0.5)
            site.server.send_signal(signal.SIGTERM)
            told = time.monotonic()
            ready = _readiness_until_gone(site, users.rollback)
            code = site.server.wait(60)
            exited = time.monotonic() - told
        row.asked(traffic.answers)
        unanswered = [answer.email for answer in traffic.answers if answer.status == 0]
        site.start_server()

        verdict = site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    assert (code, ready[-1]) == (0, 503)
    assert statuses(traffic.answers) <= {0, 201}
    assert not set(verdict.untold) & set(unanswered), "broken off although its user is there"
    row.note("exit after", exited, limit=10)


def _readiness_until_gone(site: Site, release: object) -> list[int]:
    seen = []
    end = time.monotonic() + 0.8
    while time.monotonic() < end:
        try:
            seen.append(site.system.get("/readyz").status_code)
        except httpx.TransportError:
            break
        time.sleep(0.05)
    assert callable(release)
    release()
    return seen


def test_f24_tokens_of_a_server_whose_clock_is_20_s_ahead_are_good(site: Site, row: Row) -> None:
    path = os.pathsep.join([str(SKEWED), str(Path.cwd())])
    with another_server(site, PYTHONPATH=path, CLOCK_AHEAD="20") as port, site.traffic("token") as here:
        there = Traffic(port, name="token-there")
        answers = [here.sign_up(), there.sign_up()]
        for answer, other in zip(answers, (port, site.system.port), strict=True):
            token = answer.data["data"]["token"]
            me = httpx.get(
                f"http://127.0.0.1:{other}/api/v1/users/me", headers={"Authorization": f"Bearer {token}"}
            )
            assert me.status_code == 200
        there.close()

        site.oracle.verdict(answers, within=QUIET_WITHIN)
    row.asked(answers)


@pytest.mark.timeout(BACKLOG / 1000 + 300)
def test_f25_sign_ups_do_not_feel_a_backlog(site: Site, row: Row) -> None:
    broker = RedisBroker(url=site.redis.url, middleware=[])
    with closing(Engine(site.redis.url)) as engine, site.traffic("backlog") as traffic:
        traffic.sign_up_many(20, at_once=2)
        usual = p99(seconds(traffic.sign_up_many(SIGN_UPS, at_once=2)))
        broker.pause("default")
        engine.publish(BACKLOG)
        answers = traffic.sign_up_many(SIGN_UPS, at_once=2)
        with redis.Redis.from_url(site.redis.url) as client:
            used = client.info("memory")["used_memory"]
        resumed = time.monotonic()
        broker.resume("default")
        eventually(lambda: engine.remaining() <= len(answers), within=DRAINED_WITHIN)  # all but their emails
        rate = BACKLOG / (time.monotonic() - resumed)

        site.oracle.verdict(traffic.answers, within=QUIET_WITHIN)

    broker.close()
    row.asked(answers)
    assert statuses(traffic.answers) == {201}
    row.note("p99 : usual p99", p99(seconds(answers)) / usual, unit="times", limit=1.2)
    row.note("time for a task while it drains", 1e6 / rate, unit="us", limit=200)
    row.note("Redis", used / 2**20, unit="MiB", limit=1024)


@pytest.mark.timeout(300)
def test_f26_an_operator_who_looks_at_a_backlog(redis_server: EmbeddedRedis, row: Row) -> None:
    with closing(Engine(redis_server.url)) as engine:
        engine.publish(LOOKED_AT)
        before = resident()

        figures = engine.run(measure(redis_server.url, engine.publisher, count=LOOKED_AT, rounds=5))

    row.note("slowest page", max(max(figure.samples) for figure in figures), unit="ms", limit=300)
    row.note("more memory", (resident() - before) / 2**20, unit="MiB", limit=32)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def another_server(
    site: Site, *, log: Path | None = None, out: int | None = None, **env: str
) -> Iterator[int]:
    port = free_port()
    given = {**site.system.env, "HTTP_PORT": str(port), "PRIVATE_PORT": str(free_port()), **env}
    process = spawn([sys.executable, "-m", "cmd.server"], env=given, log=log, stdout=out)
    try:
        ready = f"http://127.0.0.1:{port}/readyz"
        eventually(lambda: httpx.get(ready).status_code == 200, within=STARTS_WITHIN)
        yield port
    finally:
        stop(process)


@pytest.mark.parametrize("kind", ["full", "closed"])
def test_f30_a_server_that_cannot_log_serves(site: Site, row: Row, kind: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    out = {"log": Path("/dev/full")} if kind == "full" else {"out": writer}
    with another_server(site, LOG_LEVEL="DEBUG", **out) as port:
        traffic = Traffic(port, name=f"log-{kind}")
        with ThreadPoolExecutor(1) as pool:
            answers = pool.submit(traffic.sign_up_many, 20).result()
        traffic.close()

        site.oracle.verdict(answers, within=QUIET_WITHIN)
    os.close(writer)

    row.asked(answers)
    row.note("500", sum(answer.status >= 500 for answer in answers), unit="", limit=0)
    assert statuses(answers) == {201}
