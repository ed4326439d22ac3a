"""Each service says why it cannot be used: at the start, in /readyz and at the command line."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx
import psycopg
import pytest
import redis
import trustme
from typer.testing import CliRunner

from internal.infrastructure.bootstrap.admin.run_admin import LocatedInstallation
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources, require_services
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.cli.app import app
from internal.infrastructure.config.settings import Settings
from tests.support import broken_servers

pytestmark = [pytest.mark.anyio, pytest.mark.long]

SECRET = "hunter2"
NOWHERE = "no-such-host.invalid"


@dataclass(frozen=True)
class Site:
    """A Postgres or Redis that works, and servers in its place that do not."""

    url: str
    authority: Path
    closes: int
    tls: int
    postgres_tls: int
    silent: int

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def server(self) -> str:
        return f"{self.parts.hostname}:{self.parts.port}"

    def logged_in(self, login: str) -> str:
        return self.parts._replace(netloc=f"{login}{self.server}").geturl()


@pytest.fixture(scope="module")
def misbehaving_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    handlers = {
        "closes": broken_servers.close,
        "tls": broken_servers.speak_tls(tls),
        "postgres_tls": broken_servers.speak_postgres_tls(tls),
        "silent": broken_servers.say_nothing,
    }
    with ExitStack() as running:
        ports = {
            name: running.enter_context(broken_servers.listening(handler))
            for name, handler in handlers.items()
        }
        yield {"authority": file, **ports}


POSTGRES: dict[str, tuple[str, Callable[[Site], str]]] = {
    "wrong password": ("wrong user or password", lambda site: site.logged_in(f"pyhexaclean:{SECRET}@")),
    "unknown user": ("wrong user or password", lambda site: site.logged_in(f"{SECRET}:{SECRET}@")),
    "no password": ("a password is required", lambda site: site.logged_in("pyhexaclean@")),
    "unknown database": ("unknown database", lambda site: site.parts._replace(path=f"/{SECRET}").geturl()),
    "refused": ("connection refused", lambda _: f"postgresql://app:{SECRET}@127.0.0.1:1/app"),
    "unknown host": ("unknown host", lambda _: f"postgresql://app:{SECRET}@{NOWHERE}/app"),
    "unknown hosts": ("unknown host", lambda _: f"postgresql://app:{SECRET}@{NOWHERE},{NOWHERE}:5433/app"),
    "no socket": ("no such socket", lambda _: f"postgresql://app:{SECRET}@%2Fno%2Fsuch/app"),
    "no TLS": ("the server does not offer TLS", lambda site: f"{site.url}?sslmode=require"),
    "untrusted": (
        "bad certificate (it is not trusted)",
        lambda site: (
            f"postgresql://app:{SECRET}@localhost:{site.postgres_tls}/app"
            "?sslmode=verify-full&sslrootcert=system"
        ),
    ),
    "another's certificate": (
        "bad certificate (it is for another host)",
        lambda site: (
            f"postgresql://app:{SECRET}@127.0.0.1:{site.postgres_tls}/app"
            f"?sslmode=verify-full&sslrootcert={site.authority}"
        ),
    ),
    "closes": (
        "the connection was closed",
        lambda site: f"postgresql://app:{SECRET}@127.0.0.1:{site.closes}/x",
    ),
    "silent": (
        "no answer in time",
        lambda site: f"postgresql://app:{SECRET}@127.0.0.1:{site.silent}/app?sslmode=disable",
    ),
    "unknown option": ("unknown parameter in options", lambda site: f"{site.url}?options=-c%20{SECRET}%3D1"),
    "wrong options": (
        "options must have the form -c name=value",
        lambda site: f"{site.url}?options=-x%20{SECRET}",
    ),
    "another login": (
        "it requires a login that require_auth does not allow",
        lambda site: f"{site.url}?require_auth=none",
    ),
    "no channel": (
        "channel_binding needs TLS and a login that supports it",
        lambda site: f"{site.url}?channel_binding=require",
    ),
    "no address": ("unknown host", lambda site: f"{site.url}?hostaddr={SECRET}"),
    "not a standby": (
        "no host satisfies target_session_attrs",
        lambda site: f"{site.url}?target_session_attrs=standby",
    ),
}
MISMATCH = "bad certificate (IP address mismatch, certificate is not valid for '127.0.0.1'.)"
CLOSED = "Redis closed the connection, as one that requires TLS (rediss://) does"
REFUSED = "Redis cannot be reached: connection refused"
LOGIN = "Redis refuses the user name or the password (WRONGPASS)"
REDIS: dict[str, tuple[str, Callable[[Site], str]]] = {
    "wrong password": (LOGIN, lambda site: site.logged_in(f":{SECRET}@")),
    "unknown user": (LOGIN, lambda site: site.logged_in(f"{SECRET}:{SECRET}@")),
    "no password": ("Redis requires a password (NOAUTH)", lambda site: site.logged_in("")),
    "unknown database": (
        "Redis has no database of this number",
        lambda site: site.parts._replace(path="/99999").geturl(),
    ),
    "refused": (REFUSED, lambda _: f"redis://:{SECRET}@127.0.0.1:1/0"),
    "refused by name": (REFUSED, lambda _: f"redis://:{SECRET}@localhost:1/0"),
    "unknown host": ("Redis cannot be reached: unknown host", lambda _: f"redis://:{SECRET}@{NOWHERE}/0"),
    "no socket": (
        "Redis cannot be reached: no such socket or file",
        lambda _: f"unix://:{SECRET}@/no/such/socket",
    ),
    "requires TLS": (CLOSED, lambda site: f"redis://:{SECRET}@127.0.0.1:{site.closes}/0"),
    "untrusted": (
        "Redis cannot be reached: bad certificate (unable to get local issuer certificate)",
        lambda site: f"rediss://:{SECRET}@localhost:{site.tls}/0",
    ),
    "another's certificate": (
        f"Redis cannot be reached: {MISMATCH}",
        lambda site: f"rediss://:{SECRET}@127.0.0.1:{site.tls}/0?ssl_ca_certs={site.authority}",
    ),
    "silent": ("Redis does not answer in time", lambda site: f"redis://:{SECRET}@127.0.0.1:{site.silent}/0"),
    "no TLS": (
        "Redis does not answer in time, as one without TLS (redis://) does",
        lambda site: site.parts._replace(scheme="rediss").geturl(),
    ),
    "no sentinel": (
        "Redis cannot be reached: no sentinel knows the master",
        lambda _: f"redis+sentinel://:{SECRET}@127.0.0.1:1/tasks?sentinel_password={SECRET}",
    ),
}


async def said_by_readyz(settings: Settings) -> dict[str, str]:
    container = Container(settings=settings)
    transport = httpx.ASGITransport(app_of(container))  # type: ignore[arg-type]  # as in http/conftest.py
    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        reasons: dict[str, str] = (await client.get("/readyz")).json()["reasons"]
    return reasons


async def said_at_the_start(settings: Settings) -> str:
    container = Container(settings=settings)
    async with open_resources(container):
        with pytest.raises(NotReady) as refused:
            await require_services(container)
    return str(refused.value)


def said_to_the_operator(settings: Settings, *command: str) -> str:
    """Not within an event loop."""
    env = {"APP_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis}
    result = CliRunner(env=env).invoke(app, command, obj=LocatedInstallation(), catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr


# A silent server costs its whole limit each time: it is left to the command line.
QUICK_POSTGRES = [name for name in POSTGRES if name != "silent"]
QUICK_REDIS = [name for name in REDIS if name not in {"silent", "no TLS"}]


@pytest.fixture(params=POSTGRES)
def wrong_postgres(
    request: pytest.FixtureRequest, settings: Settings, misbehaving_servers: dict[str, Any]
) -> tuple[str, Settings]:
    reason, url_on = POSTGRES[request.param]
    url = url_on(Site(settings.database_url, **misbehaving_servers))
    return reason, settings.model_copy(update={"database_url": url})


@pytest.fixture(params=REDIS)
def wrong_redis(
    request: pytest.FixtureRequest, settings: Settings, misbehaving_servers: dict[str, Any]
) -> tuple[str, Settings]:
    reason, url_on = REDIS[request.param]
    url = url_on(Site(settings.redis, **misbehaving_servers))
    return reason, settings.model_copy(update={"redis_url": url})


@pytest.fixture
def unprivileged_url(settings: Settings) -> Iterator[str]:
    """The database, for a user who may log in and nothing else."""
    name = f"guest_{token_hex(4)}"
    with psycopg.connect(settings.database_url, autocommit=True) as administrator:
        administrator.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")
        try:
            parts = urlsplit(settings.database_url)
            yield parts._replace(netloc=f"{name}:{SECRET}@{parts.hostname}:{parts.port}").geturl()
        finally:
            administrator.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize("wrong_postgres", QUICK_POSTGRES, indirect=True)
async def test_postgres_has_one_reason_at_the_start_and_in_readyz(
    wrong_postgres: tuple[str, Settings],
) -> None:
    reason, settings = wrong_postgres

    said = await said_at_the_start(settings)
    assert said.startswith(f"Postgres cannot be reached: {reason} (Postgres ")
    assert said.endswith("); check DATABASE_URL")
    assert f":{SECRET}" not in said
    assert (await said_by_readyz(settings))["database"] == f"Postgres cannot be reached: {reason}"


def test_postgres_has_the_same_reason_at_the_command_line(wrong_postgres: tuple[str, Settings]) -> None:
    reason, settings = wrong_postgres

    for command in (["outbox", "stats"], ["db", "migrate"]):
        said = said_to_the_operator(settings, *command)
        assert said.startswith(f"cmd.admin: Postgres cannot be reached: {reason} (Postgres ")
        assert said.count("\n") == 1
        assert f":{SECRET}" not in said


@pytest.mark.parametrize("wrong_redis", QUICK_REDIS, indirect=True)
async def test_redis_has_one_reason_at_the_start_and_in_readyz(wrong_redis: tuple[str, Settings]) -> None:
    reason, settings = wrong_redis

    said = await said_at_the_start(settings)
    assert said.startswith(f"{reason} (Redis ")
    assert said.endswith("); check REDIS_ADDR or REDIS_URL")
    assert SECRET not in said
    assert (await said_by_readyz(settings))["redis"] == reason


def test_redis_has_the_same_reason_at_the_command_line(wrong_redis: tuple[str, Settings]) -> None:
    reason, settings = wrong_redis

    for command in (["stats"], ["worker", "ping"]):
        said = said_to_the_operator(settings, *command)
        assert said.startswith(f"cmd.admin: {reason} (")
        assert said.count("\n") == 1
        assert SECRET not in said


def test_a_database_that_was_never_migrated_is_named(
    settings: Settings, unmigrated_database_url: str
) -> None:
    unmigrated = settings.model_copy(update={"database_url": unmigrated_database_url})

    said = said_to_the_operator(unmigrated, "outbox", "stats")

    head = "the database schema is not at its head: run `python -m cmd.admin db migrate`"
    assert said.startswith(f"cmd.admin: Postgres cannot be used: {head} (Postgres ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("command", [["outbox", "stats"], ["db", "migrate"]])
def test_a_user_without_permissions_is_named(
    settings: Settings, unprivileged_url: str, command: list[str]
) -> None:
    said = said_to_the_operator(settings.model_copy(update={"database_url": unprivileged_url}), *command)

    reason = "the user may not use or change a table or a schema"
    assert said.startswith(f"cmd.admin: Postgres cannot be used: {reason} (Postgres ")
    assert said.count("\n") == 1


async def test_a_user_without_permissions_is_named_at_the_start(
    settings: Settings, unprivileged_url: str
) -> None:
    unprivileged = settings.model_copy(update={"database_url": unprivileged_url})

    assert "may not use or change a table" in await said_at_the_start(unprivileged)
    assert "may not use or change a table" in (await said_by_readyz(unprivileged))["database"]


def test_a_redis_user_who_may_only_read_is_named(settings: Settings) -> None:
    name = f"reader_{token_hex(4)}"
    with redis.Redis.from_url(settings.redis) as administrator:
        administrator.execute_command(
            "ACL", "SETUSER", name, "on", f">{SECRET}", "~*", "&*", "+@all", "-@write", "+evalsha"
        )
        parts = urlsplit(settings.redis)
        url = parts._replace(netloc=f"{name}:{SECRET}@{parts.hostname}:{parts.port}").geturl()
        try:
            said = said_to_the_operator(settings.model_copy(update={"redis_url": url}), "worker", "ping")
        finally:
            administrator.acl_deluser(name)

    assert "Redis denies this user a permission that the task queue needs (NOPERM)" in said
    assert said.count("\n") == 1
