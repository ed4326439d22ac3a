import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.redis_programs import PROGRAMS, redis_program_named
from tests.support.services import running_redis
from tests.support.taskqueue.engine import Engine, Hand, engine_on
from tests.support.taskqueue.workers import broker_on


@pytest.fixture(scope="session", params=PROGRAMS)
def redis_program(request: pytest.FixtureRequest) -> Path | None:
    return redis_program_named(request.param)


@pytest.fixture(scope="session")
def redis(redis_program: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """In this directory every test that uses Redis runs on each server there is."""
    if external := os.environ.get("TEST_REDIS_URL"):
        yield external
        return
    with running_redis(tmp_path_factory.mktemp("redis"), program=redis_program) as server:
        yield server.url


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    broker = broker_on(redis_url)
    yield broker
    broker.close()


@pytest.fixture
def engine(redis_url: str) -> Iterator[Engine]:
    with engine_on(redis_url) as engine:
        yield engine


@pytest.fixture
def hand(engine: Engine) -> Hand:
    return Hand(engine)
