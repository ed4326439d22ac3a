"""Every part of DATABASE_URL means the same to migrations and to the engine of server, worker and admin."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.config.service_url import PostgresUrl
from internal.infrastructure.database.engine import DatabaseTimeouts, create_engine
from internal.infrastructure.database.migrations.migration_lock import MIGRATION_LOCK
from internal.infrastructure.database.schema import upgrade_to_head
from internal.infrastructure.database.schema_version import SchemaVersion
from internal.infrastructure.embedded.process import free_port
from tests.support import broken_servers
from tests.support.polling import eventually

pytestmark = pytest.mark.anyio

SESSION = (
    "SELECT current_setting('application_name'), current_setting('search_path'), current_setting('work_mem'),"
    " current_setting('statement_timeout'), current_setting('timezone')"
)


def engine_of(url: str) -> AsyncEngine:
    return create_engine(url, pool_size=1, timeouts=DatabaseTimeouts())


async def session_of(url: str) -> tuple[str, ...]:
    engine = engine_of(url)
    try:
        async with engine.connect() as connection:
            return tuple((await connection.execute(text(SESSION))).one())
    finally:
        await engine.dispose()


async def is_migrated(url: str) -> bool:
    engine = engine_of(url)
    try:
        return await SchemaVersion(engine).is_current()
    finally:
        await engine.dispose()


def on_hosts(url: str, hosts: str, query: str = "") -> str:
    """The same database on other hosts."""
    parts = urlsplit(url)
    login = f"{parts.username}:{parts.password}"
    return parts._replace(netloc=f"{login}@{hosts}", query=query).geturl()


@pytest.mark.parametrize(
    "options", ["-c search_path=app", "-c%20search_path%3Dapp", "-c+search_path=app", "-csearch_path=app"]
)
async def test_a_search_path_holds_for_all(unmigrated_database_url: str, options: str) -> None:
    with psycopg.connect(unmigrated_database_url) as admin:
        admin.execute("CREATE SCHEMA app")
    url = f"{unmigrated_database_url}?options={options}"

    upgrade_to_head(url)

    assert await is_migrated(url)
    assert not await is_migrated(unmigrated_database_url)


async def test_parameters_reach_the_session_beside_our_own(database_url: str) -> None:
    options = quote("-c search_path=app,public -c work_mem=8MB")

    session = await session_of(f"{database_url}?application_name=users&options={options}")

    assert session == ("users", "app,public", "8MB", "5s", "UTC")


async def test_what_the_url_says_wins_over_a_setting(database_url: str) -> None:
    session = await session_of(f"{database_url}?options={quote('-c statement_timeout=700')}")

    assert session[3] == "700ms"


def test_a_migration_has_the_parameters_too(unmigrated_database_url: str) -> None:
    shown = "SELECT state FROM pg_stat_activity WHERE application_name = 'migrating users'"
    with psycopg.connect(unmigrated_database_url, autocommit=True) as holder, ThreadPoolExecutor() as pool:
        holder.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        upgraded = pool.submit(
            upgrade_to_head, f"{unmigrated_database_url}?application_name=migrating%20users"
        )
        try:
            eventually(lambda: holder.execute(shown).fetchone() is not None, within=10)
        finally:
            holder.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
        upgraded.result(timeout=30)


@pytest.fixture
def odd_login(unmigrated_database_url: str) -> Iterator[tuple[str, str]]:
    name, password = "us er:@/", "p@ss:w/o#r?d%&+é"
    with psycopg.connect(unmigrated_database_url, autocommit=True) as admin:
        create = sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}")
        admin.execute(create.format(sql.Identifier(name), sql.Literal(password)))
        yield name, password
        admin.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(sql.Identifier(name)))
        admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


async def test_a_percent_encoded_login_works_for_all(
    unmigrated_database_url: str, odd_login: tuple[str, str]
) -> None:
    name, password = (quote(text, safe="") for text in odd_login)
    parts = urlsplit(unmigrated_database_url)
    url = parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}").geturl()

    upgrade_to_head(url)

    assert await is_migrated(url)


@pytest.mark.parametrize("form", ["authority", "parameters"])
async def test_the_first_host_that_fits_is_used_by_all(unmigrated_database_url: str, form: str) -> None:
    parts = urlsplit(unmigrated_database_url)
    hosts = [f"127.0.0.1:{free_port()}", f"{parts.hostname}:{parts.port}"]
    url = (
        on_hosts(unmigrated_database_url, ",".join(hosts), "target_session_attrs=read-write")
        if form == "authority"
        else on_hosts(unmigrated_database_url, "", "&".join(f"host={host}" for host in hosts))
    )

    upgrade_to_head(url)

    assert await is_migrated(url)


async def test_a_silent_host_is_not_waited_for_twice(database_url: str) -> None:
    parts = urlsplit(database_url)
    with broken_servers.listening(broken_servers.say_nothing) as silent:
        hosts = f"127.0.0.1:{silent},{parts.hostname}:{parts.port}"
        engine = engine_of(on_hosts(database_url, hosts, "sslmode=disable"))
        async with engine.connect() as connection:
            await connection.invalidate()

        started = time.monotonic()
        async with engine.connect():
            seconds = time.monotonic() - started
        await engine.dispose()

    assert seconds < DatabaseTimeouts().connect.total_seconds() / 2


async def test_who_gave_up_on_a_silent_host_tries_the_next_one(database_url: str) -> None:
    """As a readiness check does, which has less time than a connection."""
    parts = urlsplit(database_url)
    with broken_servers.listening(broken_servers.say_nothing) as silent:
        hosts = f"127.0.0.1:{silent},{parts.hostname}:{parts.port}"
        engine = engine_of(on_hosts(database_url, hosts, "sslmode=disable"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), engine.connect():
                pass

        async with asyncio.timeout(1), engine.connect() as connection:
            answer = await connection.scalar(text("SELECT 1"))
        await engine.dispose()

    assert answer == 1


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
NAME = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?", fullmatch=True)
HOST = st.one_of(
    NAME, st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(lambda address: f"[{address}]")
)
PORT = st.none() | st.integers(min_value=1, max_value=65535)


@given(user=TEXT, password=TEXT, database=TEXT, hosts=st.lists(st.tuples(HOST, PORT), min_size=1, max_size=4))
def test_a_url_is_read_as_it_was_written(
    user: str, password: str, database: str, hosts: list[tuple[str, int | None]]
) -> None:
    login, name = f"{quote(user, safe='')}:{quote(password, safe='')}", quote(database, safe="")
    written = ",".join(host if port is None else f"{host}:{port}" for host, port in hosts)

    url = PostgresUrl.parse(f"postgresql://{login}@{written}/{name}")

    assert (url.parameters["user"], url.password, url.parameters["dbname"]) == (user, password, database)
    assert url.parameters["host"].split(",") == [host.strip("[]") for host, _ in hosts]
    assert url.address.endswith(f"/{database}")
    assert repr(url) == "PostgresUrl()"
