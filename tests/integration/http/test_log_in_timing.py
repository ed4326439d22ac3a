"""How long a log-in takes tells nothing about the account, whatever its password's hash cost."""

import statistics
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import select

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.tables import users
from tests.support.faults.rounds import IS_LONG

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600 if IS_LONG else 120)]

TRIALS, TOLERANCE = (500, 0.05) if IS_LONG else (15, 0.25)
PASSWORD = "correct horse"
CHEAP = {"password_hash_memory": 1024, "password_hash_time": 1}
DEAR = {"password_hash_memory": 16 * 1024, "password_hash_time": 2}
ADDRESSES = ("cheap@example.com", "dear@example.com", "nobody@example.com", "not an address")


def client_of(container: Container) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    return httpx.AsyncClient(transport=transport, base_url="http://t", timeout=30)


@pytest.fixture(params=["dearer now", "cheaper now"])
async def changed(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Container]:
    """Two accounts, from before and after a change of what a hash costs."""
    dear, cheap = settings.model_copy(update=DEAR), settings.model_copy(update=CHEAP)
    for site, email in ((cheap, "cheap@example.com"), (dear, "dear@example.com")):
        container = Container(settings=site)
        async with open_resources(container), client_of(container) as client:
            body = {"email": email, "name": "Ada", "password": PASSWORD}
            assert (await client.post("/api/v1/auth/register", json=body)).status_code == 201
    now = Container(settings=dear if request.param == "dearer now" else cheap)
    async with open_resources(now):
        yield now


async def log_in(client: httpx.AsyncClient, email: str, password: str) -> tuple[int, float]:
    """The status, and the seconds of CPU, which other processes disturb less than the clock."""
    started = time.process_time()
    response = await client.post("/api/v1/auth/login", json={"email": email, "password": password})
    return response.status_code, time.process_time() - started


@pytest.mark.long
async def test_a_rejected_log_in_takes_the_same_time_for_every_address(changed: Container) -> None:
    times: dict[str, list[float]] = {email: [] for email in ADDRESSES}

    async with client_of(changed) as client:
        for _ in range(TRIALS):
            for email in ADDRESSES:
                status, seconds = await log_in(client, email, "wrong horse")
                assert status == 401
                times[email].append(seconds)

    medians = [statistics.median(seconds) for seconds in times.values()]
    assert max(medians) < min(medians) * (1 + TOLERANCE)


async def test_a_log_in_stores_the_hash_at_the_configured_cost(changed: Container) -> None:
    settings = changed.settings()
    async with client_of(changed) as client:
        for email in ("cheap@example.com", "dear@example.com"):
            assert (await log_in(client, email, PASSWORD))[0] == 200
            assert (await log_in(client, email, PASSWORD))[0] == 200

    async with changed.database.engine().connect() as connection:
        stored = (await connection.scalars(select(users.c.password_hash))).all()
    cost = f"m={settings.password_hash_memory},t={settings.password_hash_time},p=1"
    assert [password_hash.split("$")[3] for password_hash in stored] == [cost, cost]
