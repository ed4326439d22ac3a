"""Every way that a URL describes, by both kinds of client: publish, run, report, be found ready."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import dramatiq
import pytest
import redis
import trustme
from dramatiq.asyncio import set_event_loop_thread
from dramatiq.errors import ConnectionClosed
from structlog.testing import capture_logs

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.bootstrap.services.service_discovery import locate_services
from internal.infrastructure.bootstrap.worker.live_workers import workers_on
from internal.infrastructure.bootstrap.worker.run_worker import start_event_loop
from internal.infrastructure.embedded.process import free_port, stop
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import answers, connect
from internal.ports.password_attempts import attempted
from internal.ports.rate_limiter import Limit
from internal.ports.task_inspector import TaskAction
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable
from tests.support.configured_redis import configured_redis, spawn_redis
from tests.support.documented_examples import CONFIGURATION, blocks
from tests.support.polling import eventually
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.workers import broker_on, working

DATABASE = 3
LEAVE = 0.2  # seconds that TLS has to take leave of the server, for which nobody waits otherwise
USER, PASSWORD, PASSWORD_IN_URL = "app", "p@ss/word", "p%40ss%2Fword"
PERMISSIONS = blocks(CONFIGURATION)["acl"].strip().replace(">password", f">{PASSWORD}")


@dataclass(frozen=True)
class Server:
    admin: redis.Redis
    directory: Path
    port: int
    tls_port: int
    sentinel_port: int
    has_tls: bool

    @property
    def tcp(self) -> str:
        return f"redis://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def unix(self) -> str:
        return f"unix://{USER}:{PASSWORD_IN_URL}@{self.directory}/redis.sock?db={DATABASE}"

    @property
    def tls(self) -> str:
        """With a certificate of the client's own, which the server asks for."""
        if not self.has_tls:
            pytest.skip("the embedded Valkey is built without TLS")
        address = f"127.0.0.1:{self.tls_port}"
        return f"rediss://{USER}:{PASSWORD_IN_URL}@{address}/{DATABASE}?{self._files}"

    @property
    def sentinel_tls(self) -> str:
        if not self.has_tls:
            pytest.skip("the embedded Valkey is built without TLS")
        address = f"127.0.0.1:{self.sentinel_port}/tasks"
        return f"rediss+sentinel://{USER}:{PASSWORD_IN_URL}@{address}/{DATABASE}?{self._files}"

    @property
    def _files(self) -> str:
        return f"ssl_ca_certs={self.directory}/ca.pem&ssl_certfile={self.directory}/own.pem"


@pytest.fixture(scope="module")
def server(redis_program: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("ways")
    port, tls_port, sentinel_port = free_port(), free_port(), free_port()
    socket_and_user = (f"unixsocket {directory}/redis.sock", PERMISSIONS)
    has_tls = redis_program is not None
    with ExitStack() as running:
        if has_tls:
            write_certificates(directory)
            monitor = (f"sentinel monitor tasks 127.0.0.1 {tls_port} 1", "tls-replication yes", "port 0")
            sentinel = spawn_redis(
                directory / "sentinel",
                *monitor,
                *tls(directory, sentinel_port),
                program=redis_program,
                arguments=("--sentinel",),
            )
            running.callback(stop, sentinel)
        admin = configured_redis(
            directory / "data",
            f"port {port}",
            *socket_and_user,
            *(tls(directory, tls_port) if has_tls else ()),
            program=redis_program,
            admin_url=f"redis://127.0.0.1:{port}",
        )
        yield Server(
            running.enter_context(admin),
            directory,
            port=port,
            tls_port=tls_port,
            sentinel_port=sentinel_port,
            has_tls=has_tls,
        )


@pytest.fixture(params=["tcp", "unix", "tls", "sentinel_tls"])
def url(request: pytest.FixtureRequest, server: Server) -> str:
    server.admin.flushall()
    found: str = getattr(server, request.param)
    return found


def tls(directory: Path, port: int) -> tuple[str, ...]:
    return (
        f"tls-port {port}",
        f"tls-ca-cert-file {directory}/ca.pem",
        f"tls-cert-file {directory}/own.pem",
        f"tls-key-file {directory}/own.pem",
    )


def write_certificates(directory: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(directory / "own.pem")
    trustme.CA().cert_pem.write_to_path(directory / "another-ca.pem")


def container_of(url: str, monkeypatch: pytest.MonkeyPatch) -> Container:
    """With the settings as they are read and checked when a process starts."""
    monkeypatch.setenv("REDIS_URL", url)
    return Container(settings=locate_services())


async def publish(container: Container) -> None:
    async with linger(), open_resources(container):
        assert await answers(container.taskqueue.redis())
        task = SendWelcomeEmail(user_id=UUID(int=1))
        await container.taskqueue.publisher().publish(task, queue="default", task_id="welcome-ada")


@asynccontextmanager
async def linger() -> AsyncIterator[None]:
    """The loop ends a moment after what ran on it."""
    try:
        yield
    finally:
        await asyncio.sleep(LEAVE)


@contextmanager
def lasting_loop() -> Iterator[None]:
    """The same for the loop of a worker, which would end its own when it stops."""
    loop = start_event_loop()
    try:
        yield
        time.sleep(LEAVE)
    finally:
        loop.stop()
        set_event_loop_thread(None)


def is_found(url: str) -> bool:
    """Ask as `worker ping` does."""

    async def ping() -> list[int]:
        async with linger():
            workers = await workers_on(socket.gethostname(), redis_url=url)
            return [worker.pid for worker in workers]

    return asyncio.run(ping()) == [os.getpid()]


def databases(admin: redis.Redis) -> list[str]:
    """One for each connection of the user's."""
    return [entry["db"] for entry in admin.client_list() if entry["user"] == USER]


def recording(broker: RedisBroker) -> list[str]:
    ran: list[str] = []

    @dramatiq.actor(broker=broker, actor_name="email:welcome")
    async def published(user_id: str) -> None:  # noqa: ARG001 - the task's payload
        ran.append("published")

    @dramatiq.actor(broker=broker)
    def sent() -> None:
        ran.append("sent")

    sent.send()
    return ran


def test_tasks_are_published_and_run(url: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = broker_on(url)
    ran = recording(broker)
    asyncio.run(publish(container_of(url, monkeypatch)))

    with lasting_loop(), working(broker):
        eventually(lambda: sorted(ran) == ["published", "sent"], within=10)
        # The broker's connection, and the worker's three.
        eventually(lambda: databases(server.admin) == [str(DATABASE)] * 4, within=10)
    broker.close()


async def use_limits(container: Container) -> None:
    async with linger(), open_resources(container):
        # As a server does when it starts. To connect may take longer than a request waits.
        await answers(container.taskqueue.redis())
        await container.security.rate_limiter().count({Limit.LOG_INS: "everybody"})
        async with attempted(container.security.password_attempts(), "ada@example.com"):
            pass


def test_rates_are_limited(url: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as logs:
        asyncio.run(use_limits(container_of(url, monkeypatch)))

    assert "rate_limits.without_redis" not in {log["event"] for log in logs}
    server.admin.select(DATABASE)
    assert len(list(server.admin.scan_iter("{pyhexaclean}:limits:*"))) == 1
    server.admin.select(0)


def test_a_worker_is_found(url: str) -> None:
    broker = broker_on(url)

    with lasting_loop(), working(broker):
        eventually(lambda: is_found(url), within=10)
    broker.close()


def test_operators_see_and_cancel_what_runs(url: str) -> None:
    broker = broker_on(url)

    @dramatiq.actor(broker=broker)
    async def run() -> None:
        await asyncio.sleep(60)

    task_id = run.send().options["redis_message_id"]

    async def cancel() -> bool:
        async with linger(), inspector_on(url) as inspector:
            result = await inspector.act(TaskAction.CANCEL, "default", [task_id])
            return bool(result.done)

    async def look() -> list[TaskState]:
        async with linger(), inspector_on(url) as inspector:
            return list((await inspector.queue("default")).sizes)

    with lasting_loop(), working(broker):
        eventually(lambda: asyncio.run(cancel()), within=10)
        eventually(lambda: asyncio.run(look()) == [TaskState.ARCHIVED], within=10)
        asyncio.run(remove(url))
    broker.close()


async def remove(url: str) -> None:
    async with linger(), inspector_on(url) as inspector:
        await inspector.remove_queue("default", force=True)


@pytest.mark.parametrize(
    ("part", "wrong"),
    [(PASSWORD_IN_URL, "wrong"), ("/ca.pem", "/another-ca.pem"), ("127.0.0.1", "localhost")],
    ids=["password", "authority", "name"],
)
def test_who_is_not_let_in_has_no_redis(server: Server, part: str, wrong: str) -> None:
    url = server.tls.replace(part, wrong)
    broker = broker_on(url)

    with pytest.raises(Unavailable):
        asyncio.run(ask(url))
    with pytest.raises(ConnectionClosed):
        broker.qsize("default")
    broker.close()


async def ask(url: str) -> None:
    async with linger(), connect(url) as client:
        await answers(client)
