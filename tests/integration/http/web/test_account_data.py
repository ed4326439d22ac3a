"""Export and deletion of an account, on pages."""

import httpx
import pytest
from sqlalchemy import select, update

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import users
from tests.integration.http.web.conftest import ADA
from tests.support.accounts import stored_account
from tests.support.pages import PageClient

pytestmark = pytest.mark.anyio

FORM = {"password": ADA["password"]}


async def make_ada_admin(container: Container) -> None:
    async with container.database.engine().begin() as connection:
        await connection.execute(
            update(users).where(users.c.email == ADA["email"]).values(role=Role.ADMIN.value)
        )


async def count_users(container: Container) -> int:
    async with container.database.engine().connect() as connection:
        return len((await connection.execute(select(users.c.id))).all())


async def test_the_export_is_the_file_of_the_api(ada_pages: PageClient, client: httpx.AsyncClient) -> None:
    answer = await ada_pages.send("/account/export", {})

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="account.json"'
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["data"] == (await client.get("/api/v1/users/me/export")).json()["data"]


async def test_too_many_exports_are_refused_on_the_page(ada_pages: PageClient) -> None:
    answers = [await ada_pages.send("/account/export", {}) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert "Too many tries. Please try again in" in answers[-1].text


async def test_a_deleted_account_is_gone(ada_pages: PageClient, container: Container) -> None:
    answer = await ada_pages.send("/account/delete", FORM)

    assert (answer.status_code, answer.headers["location"]) == (303, "/?notice=account-deleted")
    assert not ada_pages.client.cookies
    assert await count_users(container) == 0
    assert "Your account is deleted." in (await ada_pages.open(answer.headers["location"])).text


async def test_a_wrong_password_deletes_nothing(ada_pages: PageClient) -> None:
    answer = await ada_pages.send("/account/delete", {"password": "wrong horse"})

    assert answer.status_code == 403
    assert ada_pages.errors_in(answer) == {"password": "Current password is wrong."}
    assert (await ada_pages.open("/account")).status_code == 200


async def test_the_last_admin_stays(ada_pages: PageClient, container: Container) -> None:
    await make_ada_admin(container)

    answer = await ada_pages.send("/account/delete", FORM)

    assert answer.status_code == 409
    assert "You are the last administrator." in answer.text
    assert await count_users(container) == 1


async def test_an_admin_who_is_not_the_last_one_may_go(ada_pages: PageClient, container: Container) -> None:
    await make_ada_admin(container)
    await stored_account(container, role=Role.ADMIN)

    assert (await ada_pages.send("/account/delete", FORM)).status_code == 303
