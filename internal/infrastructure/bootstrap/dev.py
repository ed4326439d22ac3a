"""Everything in one terminal: embedded Postgres and Valkey, the server, a worker, and a look at the mail."""

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from types import FrameType
from urllib.parse import unquote, urlsplit

from internal.infrastructure.bootstrap.listening import require_free_port
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.ping import workers_on
from internal.infrastructure.bootstrap.services import publish_services, withdraw_services
from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.password import kept_password
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.process import STOP_WITHIN, die_with_parent, spawn, stop
from internal.infrastructure.embedded.redis import EmbeddedRedis
from internal.infrastructure.settings import VAR_DIRECTORY, Settings
from internal.ports.unavailable import Unavailable

READY_WITHIN = 60  # seconds
# Tasks have this long at Ctrl-C; `stop` kills what has not ended a little later.
WORKER_STOPS_WITHIN = STOP_WITHIN - 3  # seconds
LOOK_EVERY = 0.2  # seconds, at the mail folder and at the processes

SCREEN = """
  {name} is up, after {seconds:.1f} s.

    API      {url}/api/v1
    Health   {url}/readyz
    OpenAPI  {url}/api/v1/openapi/openapi.json
    Mail     {mail}

  Sign up:

    curl -s {url}/api/v1/auth/register -H 'content-type: application/json' \\
      -d '{{"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse battery"}}'

  Ctrl-C stops everything. The data stays in {var}/.
"""


Processes = dict[str, "subprocess.Popen[bytes]"]


class Interrupted(BaseException):
    """The user has had enough. Like KeyboardInterrupt, it passes by every `except Exception`."""


def run_everything(settings: Settings) -> None:
    """Run until Ctrl-C or SIGTERM, and leave no process behind, however this one ends.

    Raises:
        NotReady: the port is taken, it runs already, or a process ended by itself.
    """
    started = time.monotonic()
    told = _stop_when_told()
    with ExitStack() as running:
        with suppress(Interrupted):
            processes, redis_url = _start(settings, running)
            mails = _mails(settings)
            _await_ready(_url(settings), redis_url, processes, told)
            _say(_screen(settings, time.monotonic() - started))
            while not told.is_set():
                _require_alive(processes)
                mails = _announce_mail(settings, mails)
                time.sleep(LOOK_EVERY)
        _say("\n  Stopping...")
    _say("  Stopped.")


def _start(settings: Settings, running: ExitStack) -> tuple[Processes, str]:
    """The processes, and where Redis is."""
    VAR_DIRECTORY.mkdir(exist_ok=True)
    running.enter_context(_only_one())
    require_free_port(settings.http_host, settings.http_port)
    _say("  Starting Postgres, Valkey, the server and a worker...")
    password = kept_password(VAR_DIRECTORY)
    postgres = EmbeddedPostgres(VAR_DIRECTORY.absolute(), password=password)
    redis = EmbeddedRedis(VAR_DIRECTORY.absolute(), password=password)
    running.callback(postgres.stop)
    postgres.start()
    running.callback(redis.stop)
    redis.start()
    upgrade_to_head(postgres.url)
    publish_services(database_url=postgres.url, redis_url=redis.url)
    running.callback(withdraw_services)
    env = {
        **os.environ,
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis.url,
        "HTTP_DRAIN_TIME": "0",  # nobody balances a load here
        "WORKER_SHUTDOWN_TIMEOUT": str(min(settings.worker_shutdown_timeout, WORKER_STOPS_WITHIN)),
        "LOG_TASKS": str("log_tasks" not in settings.model_fields_set or settings.log_tasks),
    }
    return {name: _start_process(name, env, running) for name in ("server", "worker")}, redis.url


def _start_process(name: str, env: dict[str, str], running: ExitStack) -> "subprocess.Popen[bytes]":
    process = spawn([sys.executable, "-m", f"cmd.{name}"], env=env, stdout=subprocess.PIPE)
    reader = threading.Thread(target=_relay_output, args=(name, process), daemon=True)
    reader.start()
    running.callback(reader.join, 1)
    running.callback(stop, process)
    return process


def _relay_output(name: str, process: "subprocess.Popen[bytes]") -> None:
    for line in process.stdout or ():
        _say(f"{name:<7}| {line.decode(errors='replace').rstrip()}")


def _await_ready(url: str, redis_url: str, processes: Processes, told: threading.Event) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not (told.is_set() or (_answers(f"{url}/readyz") and _has_worker(redis_url))):
        _require_alive(processes)
        if time.monotonic() > deadline:
            raise NotReady(f"server and worker were not ready after {READY_WITHIN} s")
        time.sleep(0.05)


def _has_worker(redis_url: str) -> bool:
    try:
        return bool(asyncio.run(workers_on(socket.gethostname(), redis_url=redis_url)))
    except Unavailable:
        return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - always our own http:// URL
            return True
    except (OSError, HTTPException):
        return False


def _require_alive(processes: Processes) -> None:
    for name, process in processes.items():
        if (code := process.poll()) is not None:
            raise NotReady(f"the {name} ended with exit code {code}")


@contextmanager
def _only_one() -> Iterator[None]:
    with (VAR_DIRECTORY / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotReady("it is running already in this directory") from error
        yield


def _screen(settings: Settings, seconds: float) -> str:
    return SCREEN.format(
        name=settings.app_name,
        seconds=seconds,
        url=_url(settings),
        mail=_mail_target(settings),
        var=VAR_DIRECTORY,
    )


def _url(settings: Settings) -> str:
    return f"http://{settings.http_host}:{settings.http_port}"


def _mail_target(settings: Settings) -> str:
    folder = _mail_folder(settings)
    return f"{os.path.relpath(folder)}/" if folder else settings.mail_url


def _mail_folder(settings: Settings) -> Path | None:
    target = urlsplit(settings.mail_url)
    return Path(unquote(target.path)) if target.scheme == "file" else None


def _mails(settings: Settings) -> frozenset[Path]:
    """The mails that lie in the folder; none where mail goes elsewhere."""
    folder = _mail_folder(settings)
    return frozenset(folder.glob("*.eml")) if folder else frozenset()


def _announce_mail(settings: Settings, known: frozenset[Path]) -> frozenset[Path]:
    mails = _mails(settings)
    for mail in sorted(mails - known, key=lambda path: path.stat().st_mtime):
        _say(f"mail   | {os.path.relpath(mail)}")
    return mails


def _stop_when_told() -> threading.Event:
    """Have a signal set the event and raise Interrupted, which is lost where Python ignores exceptions.

    It does so in callbacks such as those around a fork, and there are many forks while we start.
    """
    told = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's signature
        told.set()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # stopping is under way
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Interrupted

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    if "MAKELEVEL" in os.environ:  # started by make: end with it, even if it is killed
        die_with_parent(os.getppid())
    return told


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the terminal is what this is for
