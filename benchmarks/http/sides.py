"""The two programs: a server whose hashes cost almost nothing, one with the usual hashes, and a worker."""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.http.accounts import CHEAPEST_MEMORY, CHEAPEST_TIME
from benchmarks.processes import START_WITHIN, Workers, await_quiet, running
from benchmarks.services import Services
from internal.infrastructure.config.rate_limit_settings import RateLimitSettings
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.embedded.process import free_port

_DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}
_CHEAP = {"PASSWORD_HASH_MEMORY": str(CHEAPEST_MEMORY), "PASSWORD_HASH_TIME": str(CHEAPEST_TIME)}
_USUAL = {name: str(_DEFAULTS[name.lower()]) for name in _CHEAP}
_PEER = str(Path(sys.prefix) / "peer" / "bin" / "python")


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    processes: Workers


@dataclass(frozen=True, slots=True)
class Side:
    name: str
    cheap: Server
    usual: Server
    worker: Workers
    mails: Path

    def mail_count(self) -> int:
        return sum(1 for _ in self.mails.glob("*.eml"))

    def await_mails(self, count: int) -> None:
        """Raises TimeoutError if they do not come."""
        deadline = time.monotonic() + START_WITHIN
        while self.mail_count() < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name}: {self.mail_count()} of {count} mails")
            time.sleep(0.2)
        time.sleep(0.5)  # the worker settles its last tasks


@contextmanager
def both_sides(services: Services) -> Iterator[tuple[Side, Side]]:
    unlimited = [name.upper() for name in RateLimitSettings.model_fields if name.startswith("rate_limit_")]
    os.environ |= {
        **dict.fromkeys(unlimited, "999999999/second"),
        "DATABASE_POOL_SIZE": str(_DEFAULTS["database_pool_size"]),
        "PEER_SECRET": "a secret of at least thirty-two bytes",
        "PEER_MAILS": str(services.directory / "peer-mails"),
    }
    with ExitStack() as started:
        ours = Side(
            "ours",
            cheap=started.enter_context(_ours(services, _CHEAP)),
            usual=started.enter_context(_ours(services, _USUAL)),
            worker=started.enter_context(_worker(services, "cmd.worker", "--processes", "1")),
            mails=services.directory / "mail",
        )
        actors = "benchmarks.fastapi_peer.tasks:broker"
        peer = Side(
            "peer",
            cheap=started.enter_context(_peer(services, _CHEAP)),
            usual=started.enter_context(_peer(services, _USUAL)),
            worker=started.enter_context(_worker(services, "dramatiq", "--processes", "1", actors)),
            mails=services.directory / "peer-mails",
        )
        yield ours, peer


@contextmanager
def _ours(services: Services, hashes: Mapping[str, str]) -> Iterator[Server]:
    port = free_port()
    os.environ |= {**hashes, "HTTP_PORT": str(port), "PRIVATE_PORT": str(free_port())}
    with running([sys.executable, "-m", "cmd.server"], log=services.directory / "ours.log") as processes:
        _await_answer(port)
        yield Server(port, processes)


@contextmanager
def _peer(services: Services, hashes: Mapping[str, str]) -> Iterator[Server]:
    port = free_port()
    os.environ |= hashes
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error"]
    command = [_PEER, "-m", "uvicorn", "--port", str(port), *options, "benchmarks.fastapi_peer.app:app"]
    with running(command, log=services.directory / "peer.log") as processes:
        _await_answer(port)
        yield Server(port, processes)


@contextmanager
def _worker(services: Services, *module: str) -> Iterator[Workers]:
    with running([sys.executable, "-m", *module], log=services.directory / "worker.log") as processes:
        await_quiet(processes)
        yield processes


def _await_answer(port: int) -> None:
    deadline = time.monotonic() + START_WITHIN
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
        except urllib.error.HTTPError:
            return  # the peer has no such page
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
