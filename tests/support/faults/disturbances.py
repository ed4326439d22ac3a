"""The faults. Each lasts as long as its context and always ends with it."""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import redis as redis_client

from tests.support.faults.site import Site, signal_all
from tests.support.full_redis import full
from tests.support.polling import eventually
from tests.support.refusing_redis import without_replicas
from tests.support.smtp_server import ACCEPTED

Fault = Callable[[Site], AbstractContextManager[None]]


@contextmanager
def stopped_redis(site: Site) -> Iterator[None]:
    site.redis.stop()
    try:
        yield
    finally:
        site.redis.start()


@contextmanager
def frozen_redis(site: Site) -> Iterator[None]:
    os.kill(site.redis.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(site.redis.pid, signal.SIGCONT)


@contextmanager
def full_redis(site: Site) -> Iterator[None]:
    with full(site.redis.url):
        yield


@contextmanager
def redis_without_replicas(site: Site) -> Iterator[None]:
    with redis_client.Redis.from_url(site.redis.url) as client, without_replicas(client, Path()):
        yield


@contextmanager
def no_disk_for_redis(site: Site) -> Iterator[None]:
    """No file of Redis' grows any more; what does not fit makes the write fail, as on a full disk."""
    [log] = (Path(f"/proc/{site.redis.pid}/cwd") / "appendonlydir").glob("*.incr.aof")
    limits = resource.prlimit(site.redis.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(site.redis.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, limits[1]))
    try:
        with redis_client.Redis.from_url(site.redis.url) as client:
            eventually(lambda: _fails_to_append(client), within=10)
        yield
    finally:
        resource.prlimit(site.redis.pid, resource.RLIMIT_FSIZE, limits)


def _fails_to_append(client: redis_client.Redis) -> bool:
    try:
        client.set("probe", time.time())
    except redis_client.ResponseError:
        return True
    return False


@contextmanager
def stopped_postgres(site: Site) -> Iterator[None]:
    site.postgres.stop()
    try:
        yield
    finally:
        site.postgres.start()


@contextmanager
def frozen_postgres(site: Site) -> Iterator[None]:
    """All of its processes: one that goes on would answer."""
    pids = site.postgres_pids()
    signal_all(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(pids, signal.SIGCONT)


@contextmanager
def refused_mail(site: Site) -> Iterator[None]:
    site.mail.refuse()
    try:
        yield
    finally:
        site.mail.heal()


@contextmanager
def rejected_mail(site: Site) -> Iterator[None]:
    site.sink.rcpt_reply = "451 try again later"
    try:
        yield
    finally:
        site.sink.rcpt_reply = ACCEPTED


@contextmanager
def tarpit(site: Site) -> Iterator[None]:
    site.sink.hangs_at = "RCPT"
    try:
        yield
    finally:
        site.sink.hangs_at = None


@contextmanager
def killed_worker(site: Site) -> Iterator[None]:
    site.kill_worker()
    try:
        yield
    finally:
        site.worker = site.start_worker()


@contextmanager
def killed_server(site: Site) -> Iterator[None]:
    site.server.kill()
    site.server.wait()
    try:
        yield
    finally:
        site.start_server()


@contextmanager
def draining_worker(site: Site) -> Iterator[None]:
    """It takes nothing new."""
    draining = site.worker_log.count("worker.draining")
    site.worker.send_signal(signal.SIGTSTP)
    eventually(lambda: site.worker_log.count("worker.draining") > draining, within=5)
    try:
        yield
    finally:
        if site.worker.poll() is None:
            site.worker.send_signal(signal.SIGCONT)
