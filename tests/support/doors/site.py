"""A server and a gRPC server on the same Postgres and Redis, and clients at both doors."""

from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from itertools import count, cycle
from pathlib import Path
from typing import Any, TypeVar

import grpc
import httpx
import psycopg
from anyio.from_thread import BlockingPortal, start_blocking_portal
from dependency_injector import providers
from psycopg.rows import dict_row

from internal.domain.account_token import TokenPurpose
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.embedded.process import free_port
from tests.fakes.clock import FakeClock
from tests.support.account_tokens import token_for
from tests.support.accounts import Account, stored_account
from tests.support.doors.client import Client
from tests.support.doors.door import Door, Headers
from tests.support.doors.grpc_door import GrpcDoor
from tests.support.doors.http_door import HttpDoor
from tests.support.doors.operations import Operation
from tests.support.doors.samples import PASSWORD
from tests.support.smtp_server import SmtpServer
from tests.support.system import NO_CERTIFICATES, STARTS_WITHIN, System

# As few as the tests can do with. After the last failure an account is locked for a day, not for seconds.
MOST_FAILURES = 100
LIMITS = {
    "RATE_LIMIT_SIGN_UP_ATTEMPTS_PER_CLIENT": "8/hour",
    "RATE_LIMIT_SIGN_UPS_PER_CLIENT": "4/hour",
    "RATE_LIMIT_LOGINS_PER_CLIENT": "10/hour",
    "RATE_LIMIT_REFRESHES_PER_CLIENT": "10/hour",
    "RATE_LIMIT_MAILS_PER_CLIENT": "10/hour",
    "RATE_LIMIT_MAILS_PER_ACCOUNT": "3/hour",
    "RATE_LIMIT_LOGIN_FAILURES": f"{MOST_FAILURES}/15 minutes",
}
IN_TURN = "both in turn"

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Site:
    system: System
    container: Container
    smtp_server: SmtpServer
    channel: grpc.Channel
    doors: Mapping[str, Door]
    _portal: BlockingPortal
    _password_hash: str
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def client(self, door: str, token: str | None = None) -> Client:
        """A new client: nobody else has used up its limits."""
        address = str(IPv4Address("10.0.0.0") + next(self._numbers))
        client = Client(door=self.doors[door], headers=[("x-forwarded-for", address)])
        return client.signed_in(token) if token else client

    def pair(self, here: str, there: str) -> tuple[Client, Client]:
        """One new client at two doors."""
        client = self.client(here)
        return client, replace(client, door=self.doors[there])

    def account(self, **stored: Any) -> Account:
        """A new account with a session and PASSWORD."""
        return self.run(lambda: stored_account(self.container, password_hash=self._password_hash, **stored))

    def token(self, account: Account, purpose: TokenPurpose, *, email: str | None = None) -> str:
        """The token of an email to the account."""
        text, token = token_for(account.user, purpose, email=email)

        async def store() -> None:
            async with self.container.database.unit_of_work() as uow:
                await uow.account_tokens.add(token)
                await uow.commit()

        self.run(store)
        return text

    def fail_log_ins(self, email: str, *, times: int) -> None:
        attempts = self.container.security.password_attempts()
        for _ in range(times):
            self.run(lambda: attempts.begin(email))

    def earlier_token(self, account: Account, ago: timedelta) -> str:
        """The access token that the account got so long ago."""
        earlier = Container(settings=self.container.settings())
        earlier.clock.override(providers.Object(FakeClock(self.container.clock().now() - ago)))
        token: str = earlier.security.token_issuer().issue(account.id, session_id=account.session_id)
        return token

    def run(self, call: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """Run a coroutine on the event loop of the container."""
        value: Value = self._portal.call(call)
        return value

    def rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.system.env["DATABASE_URL"], row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()

    def events_on(self, subject: Account) -> list[dict[str, Any]]:
        """The security events about an account."""
        return self.rows("SELECT * FROM security_events WHERE subject_id = %(id)s", id=subject.id)

    def mails_to(self, email: str, kind: str | None = None) -> list[EmailMessage]:
        return [
            message
            for message in self.smtp_server.messages()
            if message["To"] == email and kind in {None, message["X-Mail-Kind"]}
        ]


class DoorsInTurn:
    """Every request goes to another door than the one before."""

    def __init__(self, *doors: Door) -> None:
        self._doors = cycle(doors)

    def ask(self, operation: Operation, headers: Headers, fields: Mapping[str, Any]) -> dict[str, Any]:
        return next(self._doors).ask(operation, headers, fields)

    def ask_with_bytes(self, operation: Operation, headers: Headers, fields: Mapping[str, bytes]) -> None:
        next(self._doors).ask_with_bytes(operation, headers, fields)


@contextmanager
def running_site(*, database_url: str, redis_url: str, directory: Path) -> Generator[Site]:
    with SmtpServer() as smtp_server:
        mail_url = f"smtp://127.0.0.1:{smtp_server.port}"
        system = System(database_url=database_url, redis_url=redis_url, mail_url=mail_url, logs=directory)
        system.env |= {**LIMITS, "TRUSTED_PROXIES": "127.0.0.1"}
        with ExitStack() as stack:
            stack.callback(system.stop)
            grpc_port = free_port()
            system.start("cmd.grpc", GRPC_PORT=str(grpc_port), PRIVATE_PORT=str(free_port()))
            system.start_server()
            container, portal = stack.enter_context(_container(system))
            http_door = stack.enter_context(_http_door(system.port))
            channel = stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{grpc_port}"))
            grpc.channel_ready_future(channel).result(timeout=STARTS_WITHIN)
            grpc_door = GrpcDoor(channel)
            yield Site(
                system=system,
                container=container,
                smtp_server=smtp_server,
                channel=channel,
                doors={"http": http_door, "grpc": grpc_door, IN_TURN: DoorsInTurn(http_door, grpc_door)},
                _portal=portal,
                _password_hash=portal.call(container.security.password_hasher().hash, PASSWORD),
            )


@contextmanager
def _http_door(port: int) -> Generator[Door]:
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, timeout=30, verify=NO_CERTIFICATES) as client:
        yield HttpDoor(client)


@contextmanager
def _container(system: System) -> Generator[tuple[Container, BlockingPortal]]:
    """A container as that of the processes, and the event loop that it runs on."""
    settings = Settings(**{name.lower(): value for name, value in system.env.items()})
    container = Container(settings=settings)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_resources(container)),
    ):
        yield container, portal
