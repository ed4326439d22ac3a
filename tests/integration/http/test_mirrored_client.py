"""A client that knows only the document of gohexaclean's API works here: routes, bodies, envelope, statuses.

It differs in one thing: administration needs an administrator, which the mirrored service forgets to check.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import users

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"
USER = {"id", "email", "name", "created_at", "updated_at"}


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]

    def data(self, status: int, message: str) -> Any:
        """The data of a success, whose envelope is as documented."""
        assert (self.status, self.body["success"], self.body["message"]) == (status, True, message)
        UUID(self.body["meta"]["request_id"])
        datetime.fromisoformat(self.body["meta"]["timestamp"])
        return self.body.get("data")

    def refuses(self, status: int) -> bool:
        return (self.status, self.body["success"]) == (status, False) and bool(self.body["message"])


class MirroredClient:
    """Written from the mirrored document. It ignores fields that it does not know."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.token = ""

    async def call(self, method: str, path: str, body: object = None, **query: object) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        params = {name: str(value) for name, value in query.items()}
        response = await self._http.request(
            method, f"/api/v1{path}", json=body, params=params, headers=headers
        )
        return Answer(response.status_code, response.json())

    async def register(self, email: str, name: str) -> Answer:
        return await self.call("POST", "/auth/register", {"email": email, "name": name, "password": PASSWORD})

    async def log_in(self, email: str, password: str = PASSWORD) -> Answer:
        return await self.call("POST", "/auth/login", {"email": email, "password": password})

    async def list_users(self, **query: object) -> Answer:
        return await self.call("GET", "/admin/users", None, **query)


@pytest.fixture
async def mirrored(client: httpx.AsyncClient, container: Container) -> MirroredClient:
    """A client whose user, grace@example.com, is an administrator."""
    mirrored = MirroredClient(client)
    user = (await mirrored.register("grace@example.com", "Grace")).data(201, "User registered successfully")[
        "user"
    ]
    async with container.database.engine().begin() as connection:
        await connection.execute(update(users).where(users.c.id == UUID(user["id"])).values(role="admin"))
    mirrored.token = (await mirrored.log_in("grace@example.com")).data(200, "Login successful")["token"]
    return mirrored


async def test_health(mirrored: MirroredClient) -> None:
    assert (await mirrored.call("GET", "/health")) == Answer(
        200, {"status": "ok", "message": "Service is running"}
    )


async def test_a_user_registers_and_logs_in(mirrored: MirroredClient) -> None:
    registered = (await mirrored.register("ada@example.com", "Ada")).data(201, "User registered successfully")
    logged_in = (await mirrored.log_in("ada@example.com")).data(200, "Login successful")

    assert registered["user"].keys() >= USER
    assert registered["user"] == logged_in["user"]
    assert all(re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", each["token"]) for each in (registered, logged_in))
    assert (await mirrored.register("ada@example.com", "Ada")).refuses(409)
    assert (await mirrored.log_in("ada@example.com", "wrong")).refuses(401)
    assert (await mirrored.log_in("nobody@example.com")).refuses(401)


async def test_invalid_fields_have_their_messages(mirrored: MirroredClient) -> None:
    refused = await mirrored.call("POST", "/auth/register", {"email": "x", "name": "", "password": "short"})

    assert refused.refuses(422)
    assert refused.body["error_code"] == "VALIDATION_ERROR"
    assert refused.body["errors"].keys() == {"email", "name", "password"}
    assert all(
        isinstance(message, str) for messages in refused.body["errors"].values() for message in messages
    )
    assert (await mirrored.call("POST", "/auth/register", "not an object")).refuses(400)


async def test_users_are_listed_newest_first_page_by_page(mirrored: MirroredClient) -> None:
    for number in range(11):
        await mirrored.register(f"ada{number}@example.com", f"Ada {number}")

    first = await mirrored.list_users()
    second = await mirrored.list_users(page=2, limit=5)

    message = "Users retrieved successfully"
    assert [user["name"] for user in first.data(200, message)] == [
        f"Ada {number}" for number in range(10, 0, -1)
    ]
    assert [user["name"] for user in second.data(200, message)] == [
        f"Ada {number}" for number in range(5, 0, -1)
    ]
    for page, number, per_page in ((first, 1, 10), (second, 2, 5)):
        pagination = page.body["meta"]["pagination"]
        expected = {
            "page": number,
            "per_page": per_page,
            "total": 12,
            "total_pages": math.ceil(12 / per_page),
        }
        assert pagination | expected == pagination
    assert (await mirrored.list_users(page="x")).status in {400, 422}


async def test_an_administrator_reads_changes_and_deletes_a_user(mirrored: MirroredClient) -> None:
    user = (await mirrored.register("ada@example.com", "Ada")).data(201, "User registered successfully")[
        "user"
    ]
    path = f"/admin/users/{user['id']}"

    read = (await mirrored.call("GET", path)).data(200, "User retrieved successfully")
    changed = (await mirrored.call("PUT", path, {"name": "Countess"})).data(200, "User updated successfully")
    deleted = await mirrored.call("DELETE", path)

    assert {name: read[name] for name in USER} == {name: user[name] for name in USER}
    assert (changed["name"], changed["email"]) == ("Countess", "ada@example.com")
    assert changed["updated_at"] > user["updated_at"]
    assert deleted.data(200, "User deleted successfully") is None
    assert "data" not in deleted.body
    assert [(await mirrored.call(*call)).refuses(404) for call in (("GET", path), ("DELETE", path))] == [
        True,
        True,
    ]
    assert (await mirrored.call("PUT", path, {"name": "Countess"})).refuses(404)
    assert (await mirrored.call("GET", f"/admin/users/{uuid4()}")).refuses(404)
    (await mirrored.register("ada@example.com", "Ada again")).data(201, "User registered successfully")


async def test_administration_needs_a_token(mirrored: MirroredClient) -> None:
    mirrored.token = ""
    assert (await mirrored.list_users()).refuses(401)
    mirrored.token = "nonsense"
    assert (await mirrored.list_users()).refuses(401)
