"""Everything in one terminal: embedded Postgres and Valkey, both servers, a worker, and new mails."""

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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException
from types import FrameType

from internal.infrastructure.bootstrap.dev.dev_output import (
    announce_mail,
    label,
    mails_of,
    say,
    screen_of,
    url_of,
)
from internal.infrastructure.bootstrap.dev.development_admin import ensure_admin
from internal.infrastructure.bootstrap.dev.service_restarter import ServiceRestarter
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.server.listening_sockets import require_free_port
from internal.infrastructure.bootstrap.services.service_discovery import publish_services, withdraw_services
from internal.infrastructure.bootstrap.worker.live_workers import workers_on
from internal.infrastructure.config.paths import VAR_DIRECTORY
from internal.infrastructure.config.settings import Environment, Settings
from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.embedded.password import kept_password
from internal.infrastructure.embedded.postgres import EmbeddedPostgres
from internal.infrastructure.embedded.process import STOP_WITHIN, die_with_parent, spawn, stop
from internal.infrastructure.embedded.redis import EmbeddedRedis
from internal.infrastructure.telemetry.log import has_colours
from internal.ports.unavailable import Unavailable

READY_WITHIN = 60  # seconds
# Running tasks get this long at Ctrl-C. A little later, `stop` kills the worker.
WORKER_STOPS_WITHIN = STOP_WITHIN - 3  # seconds
LOOK_EVERY = 0.2  # seconds between checks of the mail folder and the processes

Processes = dict[str, "subprocess.Popen[bytes]"]


class Interrupted(BaseException):
    """The user stops the program. Like KeyboardInterrupt, no `except Exception` catches it."""


def run_everything(settings: Settings) -> None:
    """Run until Ctrl-C or SIGTERM. No process is left behind, however this one ends.

    Raises:
        NotReady: the port is in use, `make run` runs already, a process ended, or a service keeps ending.
    """
    started = time.monotonic()
    told = _stop_when_told()
    with ExitStack() as running:
        with suppress(Interrupted):
            postgres, redis = _start_services(settings, running)
            processes = _start_processes(settings, running, postgres=postgres, redis=redis)
            _ensure_admin(settings, postgres=postgres, redis=redis)
            services = ServiceRestarter({"Postgres": postgres, "Valkey": redis}, say=say)
            mails = mails_of(settings)
            _await_ready(settings, redis.url, told, look=lambda: _look(services, processes))
            say(screen_of(settings, time.monotonic() - started))
            while not told.is_set():
                _look(services, processes)
                mails = announce_mail(settings, mails)
                time.sleep(LOOK_EVERY)
        say("\n  Stopping...")
    say("  Stopped.")


def _start_services(settings: Settings, running: ExitStack) -> tuple[EmbeddedPostgres, EmbeddedRedis]:
    VAR_DIRECTORY.mkdir(exist_ok=True)
    running.enter_context(_only_one())
    require_free_port(settings.http_host, settings.http_port, setting="HTTP_PORT")
    require_free_port(settings.grpc_host, settings.grpc_port, setting="GRPC_PORT")
    say("  Starting Postgres, Valkey, the servers and a worker...")
    password = kept_password(VAR_DIRECTORY / "password")
    postgres = EmbeddedPostgres(VAR_DIRECTORY.absolute(), password=password)
    redis = EmbeddedRedis(VAR_DIRECTORY.absolute(), password=password)
    running.callback(postgres.stop)
    postgres.start()
    running.callback(redis.stop)
    redis.start()
    upgrade_to_head(postgres.url)
    publish_services(database_url=postgres.url, redis_url=redis.url)
    running.callback(withdraw_services)
    return postgres, redis


def _start_processes(
    settings: Settings, running: ExitStack, *, postgres: EmbeddedPostgres, redis: EmbeddedRedis
) -> Processes:
    env = {
        **os.environ,
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis.url,
        "HTTP_DRAIN_TIME": "0",  # there is no load balancer
        "GRPC_DRAIN_TIME": "0",
        "WORKER_SHUTDOWN_TIMEOUT": str(min(settings.worker_shutdown_timeout, WORKER_STOPS_WITHIN)),
        "LOG_TASKS": str("log_tasks" not in settings.model_fields_set or settings.log_tasks),
    }
    if "app_base_url" not in settings.model_fields_set:
        env["APP_BASE_URL"] = url_of(settings)
    if "rate_limit_sign_ups_per_client" not in settings.model_fields_set:
        env["RATE_LIMIT_SIGN_UPS_PER_CLIENT"] = "1000/hour"  # who develops a sign-up page tries it often
    if has_colours(sys.stdout):
        env["FORCE_COLOR"] = "1"  # their output reaches this terminal through a pipe
    return {name: _start_process(name, env, running) for name in ("server", "grpc", "worker")}


def _ensure_admin(settings: Settings, *, postgres: EmbeddedPostgres, redis: EmbeddedRedis) -> None:
    """Create the admin while the servers and the worker start."""
    if settings.app_env is Environment.DEVELOPMENT:
        located = settings.model_copy(update={"database_url": postgres.url, "redis_url": redis.url})
        asyncio.run(ensure_admin(located))


def _start_process(name: str, env: dict[str, str], running: ExitStack) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", f"cmd.{name}", "--reload"]
    process = spawn(command, env=env, stdout=subprocess.PIPE)
    reader = threading.Thread(target=_relay_output, args=(name, process), daemon=True)
    reader.start()
    running.callback(reader.join, 1)
    running.callback(stop, process)
    return process


def _relay_output(name: str, process: "subprocess.Popen[bytes]") -> None:
    for line in process.stdout or ():
        say(f"{label(name)}| {line.decode(errors='replace').rstrip()}")


def _look(services: ServiceRestarter, processes: Processes) -> None:
    services.keep()
    _require_alive(processes)


def _await_ready(
    settings: Settings, redis_url: str, told: threading.Event, *, look: Callable[[], None]
) -> None:
    """Ask each only until it is ready, because every request writes a line to the server's log."""
    deadline = time.monotonic() + READY_WITHIN
    waiting = [
        lambda: _answers(f"{url_of(settings)}/readyz"),
        lambda: _listens(settings.grpc_host, settings.grpc_port),
        lambda: _has_worker(redis_url),
    ]
    while waiting and not told.is_set():
        if waiting[0]():
            waiting.pop(0)
            continue
        look()
        if time.monotonic() > deadline:
            raise NotReady(f"servers and worker were not ready after {READY_WITHIN} s")
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


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return False
    return True


def _require_alive(processes: Processes) -> None:
    for name, process in processes.items():
        if (code := process.poll()) is not None:
            raise NotReady(f"cmd.{name} ended with exit code {code}")


@contextmanager
def _only_one() -> Iterator[None]:
    with (VAR_DIRECTORY / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotReady("it already runs in this directory") from error
        yield


def _stop_when_told() -> threading.Event:
    """Make a signal set the event and raise Interrupted.

    Python swallows exceptions in some callbacks, such as those around a fork. Then only the event remains.
    """
    told = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's signature
        told.set()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is stopping already
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Interrupted

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    if "MAKELEVEL" in os.environ:  # started by make: end with make, even if make is killed
        die_with_parent(os.getppid())
    return told
