from pathlib import Path

import pytest

from internal.infrastructure.bootstrap.admin.redis_from_environment import redis_url_from_environment
from internal.infrastructure.bootstrap.services.service_discovery import locate_redis


@pytest.fixture(autouse=True)
def _empty_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("REDIS_URL", "REDIS_ADDR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "variables",
    [
        {"REDIS_URL": "redis://:secret@redis:6379/1"},
        {"REDIS_URL": "rediss+sentinel://one,two/tasks?ssl_ca_certs=/etc/ca.pem"},
        {"REDIS_URL": "unix:///run/redis.sock?db=1"},
        {"REDIS_ADDR": "redis:6379"},
        {"REDIS_ADDR": "other:6379", "REDIS_URL": "redis://redis/1"},
        {"REDIS_ADDR": "redis:6379", "REDIS_URL": ""},
    ],
)
def test_finds_the_redis_that_the_settings_name(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert redis_url_from_environment() == locate_redis()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", ""),
        ("REDIS_URL", "redis://redis?foo=bar"),
        ("REDIS_URL", "redis://redis\n"),
        ("REDIS_URL", "http://redis"),
        ("REDIS_URL", "redis+sentinel://one"),
        ("REDIS_ADDR", "redis"),
        ("REDIS_ADDR", "user:password@redis:6379"),
    ],
)
def test_leaves_everything_else_to_the_settings(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert redis_url_from_environment() is None


def test_leaves_an_address_to_the_settings_where_a_file_may_name_a_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP_ENV", "development")
    monkeypatch.setenv("REDIS_ADDR", "other:6379")
    Path(".env").write_text("REDIS_URL=redis://redis/1\n")

    assert redis_url_from_environment() is None
    assert locate_redis() == "redis://redis/1"
