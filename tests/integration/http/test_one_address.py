"""One address is one account, however it is written and however many sign up with it at once."""

import asyncio
from collections import Counter

import httpx
import pytest
from sqlalchemy import func, select

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox, users
from tests.support.faults.rounds import IS_LONG

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

ROUNDS = 20 if IS_LONG else 2
ADDRESS = "ada.king@buecher.example"
# Each is the address itself, or not an address at all.
SAME = (
    "Ada.King@buecher.example",
    "ADA.KING@BUECHER.EXAMPLE",
    "ada.king@Buecher.Example",
    "aDA.kING@bUECHER.eXAMPLE",
    " ada.king@buecher.example",
    "ada.king@buecher.example ",
    "\tada.king@buecher.example",
    " ADA.KING@buecher.EXAMPLE\t",
)
NONE = (
    "ada.king@buecher.example.",
    "ada.king@\uff42uecher.example",
    "\uff41da.king@buecher.example",
    "ada.king\uff20buecher.example",
    "ada.king@buecher\u3002example",
    "ada.king@bue\u00adcher.example",
    "ada.king@\u200bbuecher.example",
    '"ada.king"@buecher.example',
    "Ada <ada.king@buecher.example>",
    "ada.k\u0131ng@buecher.example",
    "ada.\u212aing@buecher.example",
    "ada(comment).king@buecher.example",
)


async def sign_up(client: httpx.AsyncClient, email: str) -> int:
    body = {"email": email, "name": "Ada", "password": "correct horse"}
    return (await client.post("/api/v1/auth/register", json=body, timeout=60)).status_code


async def stored(container: Container) -> tuple[int, int]:
    """How many users and tasks there are."""
    async with container.database.engine().connect() as connection:
        counts = [await connection.scalar(select(func.count()).select_from(each)) for each in (users, outbox)]
    return counts[0] or 0, counts[1] or 0


async def test_spellings_of_one_address_have_one_account(
    client: httpx.AsyncClient, container: Container
) -> None:
    assert await sign_up(client, ADDRESS) == 201

    assert {email: await sign_up(client, email) for email in SAME} == dict.fromkeys(SAME, 409)
    assert {email: await sign_up(client, email) for email in NONE} == dict.fromkeys(NONE, 422)
    assert await stored(container) == (1, 1)


async def test_one_of_fifty_simultaneous_sign_ups_passes(
    client: httpx.AsyncClient, container: Container
) -> None:
    for number in range(1, ROUNDS + 1):
        statuses = await asyncio.gather(*(sign_up(client, f"ada{number}@example.com") for _ in range(50)))

        assert Counter(statuses) == {201: 1, 409: 49}
        assert await stored(container) == (number, number)
