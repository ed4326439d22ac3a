"""Errors of Postgres end up in the logs, so they contain no row."""

import traceback
from uuid import uuid4

import pytest
from sqlalchemy import Insert, func, insert
from sqlalchemy.exc import IntegrityError

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import users

pytestmark = pytest.mark.anyio

CANARY = "canary@example.com"


def user(**changes: object) -> Insert:
    times = {"created_at": func.now(), "updated_at": func.now()}
    row = {"id": uuid4(), "email": CANARY, "name": CANARY, "password_hash": "hash", **times}
    return insert(users).values({**row, **changes})


@pytest.mark.parametrize(
    "refused",
    [user(), user(email="eve@example.com", password_hash=None)],
    ids=["key", "row"],
)
async def test_an_error_contains_no_row_and_no_key(container: Container, refused: Insert) -> None:
    async with container.database.engine().begin() as connection:
        await connection.execute(user())

    with pytest.raises(IntegrityError) as raised:
        async with container.database.engine().begin() as connection:
            await connection.execute(refused)

    written = "".join(traceback.format_exception(raised.value))
    assert "violates" in written
    assert CANARY not in written
    assert str(raised.value).startswith("(psycopg.errors.")
