"""Fixtures for every test; those of the databases and of a mail server are in tests/support."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest

from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Environment, Settings
from tests.support import payload_keys
from tests.support.generous_limits import GENEROUS_LIMITS

pytest_plugins = [
    "tests.support.services",
    "tests.support.smtp_server",
    "tests.support.short_run",
    "tests.support.shared_processes",
]

# Otherwise gRPC stops its threads between fork and exec, which aborts or hangs one in a hundred children.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

hypothesis.settings.load_profile("ci")  # the same examples in every run, and no files kept between runs


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's own settings; outside development `.env` is not read either."""
    for variable in list(os.environ):
        if variable.lower() in Settings.model_fields:
            monkeypatch.delenv(variable)
    monkeypatch.setenv("APP_ENV", "test")


@pytest.fixture
def ada() -> User:
    """A user that nobody has stored. To store it is not an event."""
    user = User.register(
        user_id=uuid4(),
        email=EmailAddress.parse("ada@example.com"),
        name=DisplayName.parse("Ada"),
        password_hash="hash",
        now=datetime(2030, 1, 1, 12, 30, 15, 123456, tzinfo=UTC),
    )
    return replace(user, recorded=None)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Real services, mail into files under `tmp_path / "mail"`, the cheapest Argon2, and no limits."""
    return Settings(
        app_env=Environment.TEST,
        database_url=database_url,
        redis_url=redis_url,
        mail_url=(tmp_path / "mail").as_uri(),
        password_hash_memory=8,
        password_hash_time=1,
        **GENEROUS_LIMITS,
    )


@pytest.fixture
async def container(settings: Settings) -> AsyncIterator[Container]:
    container = Container(settings=settings)
    async with open_resources(container):
        yield container


@pytest.fixture
async def encrypting_container(settings: Settings) -> AsyncIterator[Container]:
    """One with TASK_PAYLOAD_KEYS."""
    with_keys = settings.model_copy(update={"task_payload_keys": payload_keys.setting("new", "old")})
    container = Container(settings=with_keys)
    async with open_resources(container):
        yield container
