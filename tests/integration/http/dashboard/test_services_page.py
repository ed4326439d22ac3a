import httpx
import pytest

from internal.infrastructure.config.settings import Settings
from tests.support.accounts import Account

pytestmark = pytest.mark.anyio


async def test_shows_redis_and_postgres_without_their_addresses(
    client: httpx.AsyncClient, viewer: Account, settings: Settings
) -> None:
    page = await client.get("/dashboard/services", headers=viewer.headers)

    assert page.status_code == 200
    assert "<dt>New tasks</dt><dd>accepted</dd>" in page.text
    assert ", current</dd>" in page.text
    assert "Append-only file" in page.text
    assert settings.database_url not in page.text
    assert "://" not in page.text.replace("http://www.w3.org", "")
