from collections.abc import AsyncIterator

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from tests.support.shared_application import shared_app_of


@pytest.fixture
async def client(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole HTTP application, on real Postgres and Redis, without a socket in between."""
    # Litestar's types of ASGI are its own, which httpx does not know.
    transport = httpx.ASGITransport(shared_app_of(container), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client
