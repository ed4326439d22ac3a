"""What users do with their own accounts."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import func, select

from internal.domain.account_token import TokenPurpose
from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import account_tokens, outbox, users
from tests.support.mailed_tokens import PASSWORD, MailedTokens

pytestmark = pytest.mark.anyio

ME = "/api/v1/users/me"
NEW_PASSWORD = "battery staple"
NEW_EMAIL = "ada.king@example.com"
# Every request that changes the user's own account: the method, the path and the body.
CHANGES = {
    "name": ("PATCH", ME, {"name": "Ada King"}),
    "password": (
        "POST",
        f"{ME}/password",
        {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    ),
    "email": ("POST", f"{ME}/email", {"email": NEW_EMAIL, "password": PASSWORD}),
    "deletion": ("DELETE", ME, {"password": PASSWORD}),
}


@pytest.fixture
def site(client: httpx.AsyncClient, container: Container) -> MailedTokens:
    return MailedTokens(client, container)


async def tasks(container: Container) -> list[tuple[str, dict[str, str]]]:
    """The stored tasks that follow neither from the sign-up nor from log-ins: their names and payloads."""
    others = outbox.c.task_name.not_in(["email:welcome", "events:count-log-in"])
    query = select(outbox).where(others).order_by(outbox.c.created_at)
    async with container.database.engine().connect() as connection:
        return [(row.task_name, row.payload) for row in await connection.execute(query)]


@pytest.mark.parametrize("change", CHANGES)
async def test_refuses_a_field_that_is_not_the_users_to_set(site: MailedTokens, change: str) -> None:
    method, path, body = CHANGES[change]
    ada, headers = await site.sign_up()

    for extra in ("id", "role", "verified_at", "is_admin", "created_at", "password_hash", "version"):
        response = await site.client.request(method, path, json={**body, extra: "x"}, headers=headers)

        assert response.status_code == 422, extra
        assert response.json()["errors"] == {extra: ["is unknown"]}
        assert await site.read(ada.id) == ada


@pytest.mark.parametrize("change", CHANGES)
async def test_needs_a_token(site: MailedTokens, change: str) -> None:
    method, path, body = CHANGES[change]

    assert (await site.client.request(method, path, json=body)).status_code == 401


@pytest.mark.parametrize("change", ["password", "email", "deletion"])
async def test_asks_for_the_password(site: MailedTokens, container: Container, change: str) -> None:
    method, path, body = CHANGES[change]
    ada, headers = await site.sign_up()
    wrong = {name: "wrong horse" if value == PASSWORD else value for name, value in body.items()}

    response = await site.client.request(method, path, json=wrong, headers=headers)

    assert (response.status_code, response.json()["error_code"]) == (403, "WRONG_PASSWORD")
    assert await site.read(ada.id) == ada
    assert await tasks(container) == []


async def test_changes_the_name(site: MailedTokens) -> None:
    _, headers = await site.sign_up()

    response = await site.client.patch(ME, json={"name": "Ada King"}, headers=headers)

    assert response.status_code == 200
    assert response.json()["message"] == "User updated successfully"
    before, after = response.json()["data"], (await site.client.get(ME, headers=headers)).json()["data"]
    assert before == after
    assert after["name"] == "Ada King"
    assert after["updated_at"] > after["created_at"]


@pytest.mark.parametrize("name", ["", "   ", "Ada\u202eadA", "A\r\nBcc: eve@example.com", "\0", 7, None])
async def test_refuses_a_name_that_cannot_be_shown(site: MailedTokens, name: object) -> None:
    ada, headers = await site.sign_up()

    response = await site.client.patch(ME, json={"name": name}, headers=headers)

    assert response.status_code == 422
    assert response.json()["errors"].keys() == {"name"}
    assert await site.read(ada.id) == ada


async def test_changes_the_password_and_ends_the_other_sessions(
    site: MailedTokens, container: Container
) -> None:
    ada, elsewhere = await site.sign_up()
    here = (await site.log_in("ada@example.com", PASSWORD)).json()["data"]["token"]
    headers = {"Authorization": f"Bearer {here}"}
    _, path, body = CHANGES["password"]

    response = await site.client.post(path, json=body, headers=headers)

    assert (response.status_code, response.json()["message"]) == (200, "Password changed successfully")
    assert (await site.client.get(ME, headers=headers)).status_code == 200
    assert (await site.client.get(ME, headers=elsewhere)).status_code == 401
    assert (await site.log_in("ada@example.com", PASSWORD)).status_code == 401
    assert (await site.log_in("ada@example.com", NEW_PASSWORD)).status_code == 200
    [(name, payload)] = await tasks(container)
    assert (name, payload["user_id"]) == ("email:password-changed", str(ada.id))


async def test_names_the_field_of_a_new_password_that_is_refused(site: MailedTokens) -> None:
    _, headers = await site.sign_up()
    body = {"current_password": PASSWORD, "new_password": "short"}

    response = await site.client.post(f"{ME}/password", json=body, headers=headers)

    assert (response.status_code, response.json()["errors"].keys()) == (422, {"new_password"})


async def test_one_of_several_simultaneous_password_changes_counts(site: MailedTokens) -> None:
    _, headers = await site.sign_up()
    new = [f"{NEW_PASSWORD} {number}" for number in range(5)]

    async def change(password: str) -> int:
        body = {"current_password": PASSWORD, "new_password": password}
        response = await site.client.post(f"{ME}/password", json=body, headers=headers, timeout=30)
        return response.status_code

    statuses = await asyncio.gather(*map(change, new))

    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 403, 409}
    assert (await site.log_in("ada@example.com", new[statuses.index(200)])).status_code == 200


async def test_a_change_of_the_address_waits_for_its_confirmation(
    site: MailedTokens, container: Container
) -> None:
    ada, headers = await site.sign_up()
    _, path, body = CHANGES["email"]

    response = await site.client.post(path, json=body, headers=headers)

    assert response.status_code == 202
    assert await site.read(ada.id) == ada
    [(name, payload)] = await tasks(container)
    assert (name, payload["user_id"], payload["email"]) == ("email:email-change", str(ada.id), NEW_EMAIL)


async def test_the_answer_does_not_tell_whether_an_address_is_taken(site: MailedTokens) -> None:
    _, headers = await site.sign_up()
    await site.sign_up("eve@example.com")

    responses = [
        await site.client.post(f"{ME}/email", json={"email": email, "password": PASSWORD}, headers=headers)
        for email in ("eve@example.com", "nobody@example.com")
    ]

    bodies = [response.json() for response in responses]
    for body in bodies:
        del body["meta"]
    assert [response.status_code for response in responses] == [202, 202]
    assert bodies[0] == bodies[1]


async def test_a_confirmed_address_replaces_the_other_one(site: MailedTokens, container: Container) -> None:
    ada, headers = await site.sign_up()
    token = await site.mailed(ada, TokenPurpose.CONFIRM_EMAIL, email=NEW_EMAIL)

    assert (await site.client.post("/api/v1/auth/confirm-email", json={"token": token})).status_code == 200

    assert (await site.client.get(ME, headers=headers)).json()["data"]["email"] == NEW_EMAIL
    assert (await site.log_in("ada@example.com", PASSWORD)).status_code == 401
    assert (await site.log_in(NEW_EMAIL, PASSWORD)).status_code == 200
    [(name, payload)] = await tasks(container)
    assert (name, payload["email"]) == ("email:email-changed", "ada@example.com")


async def test_an_address_that_was_taken_since_is_a_conflict(site: MailedTokens) -> None:
    ada, _ = await site.sign_up()
    token = await site.mailed(ada, TokenPurpose.CONFIRM_EMAIL, email="eve@example.com")
    await site.sign_up("eve@example.com")

    response = await site.client.post("/api/v1/auth/confirm-email", json={"token": token})

    assert (response.status_code, response.json()["error_code"]) == (409, "EMAIL_ALREADY_REGISTERED")
    assert await site.read(ada.id) == ada


async def test_one_of_two_accounts_gets_an_address_that_both_confirm(site: MailedTokens) -> None:
    ada, _ = await site.sign_up()
    eve, _ = await site.sign_up("eve@example.com")
    tokens = [await site.mailed(user, TokenPurpose.CONFIRM_EMAIL, email=NEW_EMAIL) for user in (ada, eve)]

    responses = await asyncio.gather(
        *(site.client.post("/api/v1/auth/confirm-email", json={"token": token}) for token in tokens)
    )

    assert sorted(response.status_code for response in responses) == [200, 409]


async def test_one_of_two_changes_of_one_account_counts(site: MailedTokens) -> None:
    ada, _ = await site.sign_up()
    emails = ("first@example.com", "second@example.com")
    tokens = [await site.mailed(ada, TokenPurpose.CONFIRM_EMAIL, email=email) for email in emails]

    responses = await asyncio.gather(
        *(site.client.post("/api/v1/auth/confirm-email", json={"token": token}) for token in tokens)
    )

    statuses = [response.status_code for response in responses]
    assert sorted(statuses) == [200, 400]
    assert (await site.read(ada.id)).email.value == emails[statuses.index(200)]


async def test_deletes_the_account(site: MailedTokens, container: Container) -> None:
    ada, headers = await site.sign_up()
    token = await site.mailed(ada, TokenPurpose.RESET_PASSWORD)
    method, path, body = CHANGES["deletion"]

    response = await site.client.request(method, path, json=body, headers=headers)

    assert (response.status_code, response.json()["message"]) == (200, "Account deleted successfully")
    assert (await site.client.get(ME, headers=headers)).status_code == 401
    assert (await site.log_in("ada@example.com", PASSWORD)).status_code == 401
    reset = {"token": token, "password": NEW_PASSWORD}
    assert (await site.client.post("/api/v1/auth/reset-password", json=reset)).status_code == 400
    async with container.database.engine().connect() as connection:
        for table in (users, account_tokens):
            assert await connection.scalar(select(func.count()).select_from(table)) == 0
    assert (await site.sign_up())[0].id != ada.id


async def test_one_of_the_last_two_admins_stays(site: MailedTokens) -> None:
    admins = [await site.sign_up(email) for email in ("ada@example.com", "eve@example.com")]
    for user, _ in admins:
        await site.save(user.change_role(Role.ADMIN, now=datetime.now(UTC)))
    method, path, body = CHANGES["deletion"]

    responses = await asyncio.gather(
        *(site.client.request(method, path, json=body, headers=headers) for _, headers in admins)
    )

    assert sorted(response.status_code for response in responses) == [200, 409]
    [refused] = [response.json() for response in responses if response.status_code == 409]
    assert refused["error_code"] == "LAST_ADMIN"


async def test_a_deletion_with_cookies_ends_them(site: MailedTokens) -> None:
    await site.sign_up()
    log_in = {"email": "ada@example.com", "password": PASSWORD}
    mode = {"X-Session-Mode": "cookie"}
    await site.client.post("/api/v1/auth/login", json=log_in, headers=mode)
    method, path, body = CHANGES["deletion"]

    forged = await site.client.request(method, path, json=body)
    csrf = {"X-CSRF-Token": site.client.cookies["csrf_token"]}
    deleted = await site.client.request(method, path, json=body, headers=csrf)

    assert (forged.status_code, forged.json()["error_code"]) == (403, "INVALID_CSRF_TOKEN")
    assert deleted.status_code == 200
    assert dict(site.client.cookies) == {}
