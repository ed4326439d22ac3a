"""How often requests wait for Postgres: the number does not depend on the machine, as times do."""

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from tests.support.accounts import stored_account
from tests.support.round_trips import traffic

pytestmark = pytest.mark.anyio


async def test_the_user_of_a_token_takes_one_round_trip(
    container: Container, client: httpx.AsyncClient
) -> None:
    ada = await stored_account(container)

    with traffic(container) as seen:
        response = await client.get("/api/v1/users/me", headers=ada.headers)

    assert response.status_code == 200
    assert (seen.round_trips, seen.statements) == (1, ["SELECT"])
