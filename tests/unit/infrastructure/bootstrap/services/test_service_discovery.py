"""Services are located before anything connects to them."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.services.service_discovery import (
    locate_redis,
    locate_services,
    publish_services,
)
from internal.infrastructure.config.invalid_settings import InvalidSettings
from internal.infrastructure.embedded.process import free_port

SECRET = "hunter2"
JSON = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["DATABASE_URL", "REDIS_URL", "x"]), inner)
    ),
)


def problems_of(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as refused:
        locate_services()
    return refused.value.problems


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:foo",
        f"postgresql://app:{SECRET}@db/app?foo=bar",
        f"postgresql://db/app?user=app&password=more&{SECRET}=x",
        f"postgresql://db/app?password={SECRET}&connect_timeout=abc",
        "postgresql://db/app?host=one:1&host=two:x",
        "postgresql://db/app?port=abc",
    ],
)
def test_a_database_url_that_the_client_does_not_take_is_one_line(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    [problem] = problems_of(monkeypatch, DATABASE_URL=url)

    assert problem.startswith("DATABASE_URL: ")
    assert SECRET not in problem


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_URL", f"redis://:{SECRET}@redis?foo=bar"),
        ("REDIS_URL", f"redis://redis?{SECRET}=bar"),
        ("REDIS_URL", f"redis://redis?db={SECRET}"),
        ("REDIS_URL", "redis://redis?socket_timeout=abc"),
        ("REDIS_URL", "redis://redis?socket_timeout=-1"),
        ("REDIS_URL", "redis://redis?socket_timeout=nan"),
        ("REDIS_URL", "redis://redis?protocol=9"),
        ("REDIS_URL", f"redis://:{SECRET}@redis/first"),
        ("REDIS_URL", "redis://redis?socket_connect_timeout=0"),
        ("REDIS_URL", "redis://redis?socket_read_size=0"),
        ("REDIS_URL", "redis://redis?max_connections=0"),
        ("REDIS_URL", "redis://redis?client_name=users%20api"),
        ("REDIS_URL", "redis://redis?client_name=users%0aapi"),
        ("REDIS_URL", "redis://redis?encoding=nonsense"),
        ("REDIS_URL", "redis://redis?ssl_cert_reqs=none"),
        ("REDIS_URL", "rediss://redis?ssl_cert_reqs=nonsense"),
        ("REDIS_URL", "unix:///run/redis.sock?socket_keepalive=yes&ssl_ca_certs=x"),
        ("REDIS_URL", f"redis+sentinel://:{SECRET}@one,two"),
        ("REDIS_URL", f"redis+sentinel://:{SECRET}@one,two/tasks?foo=bar"),
        ("REDIS_URL", f"redis+sentinel://:{SECRET}@one,two/tasks?ssl_ca_certs=x"),
        ("REDIS_URL", f"redis+sentinel://one/tasks?sentinel_password={SECRET}&db=x"),
        ("REDIS_URL", f"redis+sentinel://one/tasks/99999999999?sentinel_password={SECRET}"),
        ("REDIS_ADDR", "redis?foo=bar:6379"),
    ],
)
def test_a_redis_url_that_the_client_does_not_take_is_one_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    [problem] = problems_of(monkeypatch, **{variable: value})

    assert problem.startswith(f"{variable}: ")
    assert SECRET not in problem


def test_names_them_together_with_whatever_else_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = problems_of(
        monkeypatch,
        APP_ENV="production",
        DATABASE_URL="postgresql://db/app?foo=bar",
        REDIS_URL="redis://redis?foo=bar",
        HTTP_PORT="0",
    )

    assert {problem.split(":")[0] for problem in problems} == {
        "APP_BASE_URL",
        "DATABASE_URL",
        "HTTP_PORT",
        "JWT_SECRET",
        "MAIL_URL",
        "REDIS_URL",
        "TRUSTED_PROXIES",
    }


@pytest.mark.parametrize(
    ("database_url", "redis_url"),
    [
        ("postgres://app:p%40ss@db/app?sslmode=require&application_name=users", "redis://:p%40ss@redis/1"),
        ("postgresql:///app?host=/run/postgresql", "unix:///run/redis.sock?db=1&password=x"),
        (
            "postgresql://db/app?host=one:5432&host=two:5432&target_session_attrs=read-write",
            "rediss://redis:6380/1?ssl_ca_certs=/etc/ca.pem&socket_timeout=3&client_name=users",
        ),
        (
            "postgresql://db/app",
            "redis+sentinel://:p%40ss@one,two:26380/tasks/1?sentinel_username=a&sentinel_password=b",
        ),
        ("postgresql://db/app", "rediss+sentinel://one,two/tasks?ssl_ca_certs=/etc/ca.pem&socket_timeout=3"),
    ],
)
def test_takes_what_the_clients_take(
    monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)

    settings = locate_services()

    assert (settings.database_url, settings.redis) == (database_url, redis_url)


def test_who_asks_for_redis_alone_need_not_have_a_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/app?foo=bar")
    monkeypatch.setenv("REDIS_URL", "redis://redis/1")

    assert locate_redis() == "redis://redis/1"


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
@pytest.mark.parametrize(
    "start",
    [
        "redis://",
        "redis://redis?",
        "rediss://redis?ssl_",
        "unix:",
        "redis+sentinel://",
        "redis+sentinel://one/tasks",
        "redis+sentinel://one/tasks?",
    ],
)
def test_no_redis_url_ends_in_another_error(monkeypatch: pytest.MonkeyPatch, start: str, text: str) -> None:
    assert_no_other_error(monkeypatch, "REDIS_URL", start + text)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
@pytest.mark.parametrize("start", ["postgresql:", "postgresql://", "postgresql://db/app?"])
def test_no_database_url_ends_in_another_error(
    monkeypatch: pytest.MonkeyPatch, start: str, text: str
) -> None:
    assert_no_other_error(monkeypatch, "DATABASE_URL", start + text)


def assert_no_other_error(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    with monkeypatch.context() as patched:
        patched.setenv(variable, value)
        try:
            locate_services()
        except InvalidSettings as error:
            assert all(problem.startswith(f"{variable}: ") for problem in error.problems)  # noqa: PT017 - as in test_settings.py


@pytest.fixture
def services_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """That of `make run`, in a checkout where nothing else is configured."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP_ENV", "development")
    for name in ("DATABASE_URL", "REDIS_URL"):  # what is found is left in the environment
        monkeypatch.setenv(name, "")
    (tmp_path / "var").mkdir()
    return tmp_path / "var" / "services.json"


@pytest.fixture
def listening_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def services(*, postgres: int, redis: int) -> dict[str, str]:
    return {
        "DATABASE_URL": f"postgresql://app:{SECRET}@127.0.0.1:{postgres}/app",
        "REDIS_URL": f"redis://:{SECRET}@127.0.0.1:{redis}/0",
    }


@pytest.mark.parametrize("locate", [locate_services, locate_redis])
@pytest.mark.parametrize("named", [{}, {"DATABASE_URL": "postgresql://db/app"}], ids=["none", "one"])
def test_a_redis_of_make_run_that_has_gone_is_not_replaced(
    services_file: Path,
    listening_port: int,
    monkeypatch: pytest.MonkeyPatch,
    named: dict[str, str],
    locate: Callable[[], object],
) -> None:
    services_file.write_text(json.dumps(services(postgres=listening_port, redis=free_port())))
    for name, value in named.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(
        NotReady, match=r"^var/services\.json names Redis 127\.0\.0\.1:[0-9]+/0, which"
    ) as refused:
        locate()

    assert SECRET not in str(refused.value)


def test_who_asks_for_redis_alone_needs_no_postgres_of_make_run(
    services_file: Path, listening_port: int
) -> None:
    running = services(postgres=free_port(), redis=listening_port)
    services_file.write_text(json.dumps(running))

    assert locate_redis() == running["REDIS_URL"]
    with pytest.raises(NotReady, match="names Postgres"):
        locate_services()


def test_what_the_environment_names_wins_over_make_run(
    services_file: Path, listening_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = services(postgres=listening_port, redis=free_port())
    services_file.write_text(json.dumps(running))
    monkeypatch.setenv("REDIS_ADDR", "redis:6379")

    found = locate_services()

    assert (found.database_url, found.redis) == (running["DATABASE_URL"], "redis://redis:6379/0")


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(), JSON.map(lambda value: json.dumps(value).encode())))
def test_a_file_of_make_run_that_cannot_be_read_is_one_line(services_file: Path, content: bytes) -> None:
    services_file.write_bytes(content)

    with pytest.raises(NotReady, match=r"^var/services\.json (cannot be read|names)") as refused:
        locate_services()

    assert "\n" not in str(refused.value)


def test_a_file_of_make_run_is_never_seen_half_written(services_file: Path) -> None:
    publish_services(database_url="postgresql://one/app", redis_url="redis://one")
    before = services_file.open()
    publish_services(database_url="postgresql://two/app", redis_url="redis://two")

    with before:
        assert json.load(before)["REDIS_URL"] == "redis://one"
    assert json.loads(services_file.read_text())["REDIS_URL"] == "redis://two"
    assert services_file.stat().st_mode & 0o077 == 0
