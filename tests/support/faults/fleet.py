"""Workers as real processes, and what they have done."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from dramatiq import Message
from redis.backoff import NoBackoff
from redis.retry import Retry

from internal.infrastructure.embedded.process import spawn
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.faults.journal import VARIABLE, Journal
from tests.support.polling import eventually

ACTORS = "tests.support.faults.actors"
STARTS_WITHIN = 30  # seconds


class Worker:
    """A supervisor and the processes under it."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def children(self) -> list[int]:
        listing = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in listing.read_text().split()]

    def has_started(self, processes: int) -> bool:
        assert self.process.poll() is None, self.log
        return self.log.count("worker.started") >= processes


class Fleet:
    """Whatever is started here ends with the test."""

    def __init__(self, *, database_url: str, redis_url: str, directory: Path) -> None:
        self.redis_url = redis_url
        self.directory = directory
        self.journal = Journal(directory / "journal")
        self.broker = RedisBroker(url=redis_url, middleware=[])
        self._database_url = database_url
        self._workers: list[Worker] = []

    def env(self, given: Mapping[str, str]) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "APP_ENV": "test",
            "DATABASE_URL": self._database_url,
            "REDIS_URL": self.redis_url,
            "MAIL_URL": (self.directory / "mail").as_uri(),
            "LOG_FORMAT": "json",
            VARIABLE: str(self.directory / "journal"),
            **given,
        }

    def launch(self, *command: str, **env: str) -> Worker:
        """Start a worker, and do not wait until it has started."""
        log = self.directory / f"worker-{len(self._workers)}.log"
        process = spawn([sys.executable, "-m", *command], env=self.env(env), log=log)
        worker = Worker(process, log)
        self._workers.append(worker)
        return worker

    def start_many(self, number: int, *modules: str, processes: int = 1, **env: str) -> list[Worker]:
        command = ["cmd.worker", "--processes", str(processes), *(modules or [ACTORS])]
        workers = [self.launch(*command, **env) for _ in range(number)]
        for worker in workers:
            eventually(lambda worker=worker: worker.has_started(processes), within=STARTS_WITHIN)  # type: ignore[misc]  # mypy infers no type for a lambda with a default
        return workers

    def start(self, *modules: str, processes: int = 1, **env: str) -> Worker:
        [worker] = self.start_many(1, *modules, processes=processes, **env)
        return worker

    def stop(self) -> None:
        self.broker.close()
        for worker in self._workers:
            with suppress(ProcessLookupError):  # it has ended, and so have its children
                # Stock Dramatiq's children, unlike ours, outlive it.
                os.killpg(worker.process.pid, signal.SIGKILL)
        for worker in self._workers:
            worker.process.wait()

    def send(self, actor: str, *, queue: str = "default", delay: int | None = None, **arguments: Any) -> None:
        """`delay` is in milliseconds."""
        message: Message[Any] = Message(
            queue_name=queue, actor_name=actor, args=(), kwargs=arguments, options={}
        )
        self.broker.enqueue(message, delay=delay)

    def ended(self, keys: Sequence[str], *, within: float) -> None:
        """Wait until each of these has ended at least once."""
        eventually(lambda: set(keys) <= set(self.journal.keys("end")), within=within)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url, socket_timeout=2, retry=Retry(NoBackoff(), 0))


def runs(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
