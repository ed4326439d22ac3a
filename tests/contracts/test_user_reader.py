from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from internal.domain.email_address import EmailAddress
from internal.domain.session import Session
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.clock import SystemClock
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork
from internal.ports.user_reader import UserReader
from tests.fakes.clock import FakeClock
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.fakes.user_reader import FakeUserReader
from tests.support.callers import CALLER

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Store:
    reader: UserReader
    begin: Callable[[], UnitOfWork]
    clock: Clock

    async def add(self, *users: User) -> None:
        async with self.begin() as uow:
            for user in users:
                await uow.users.add(user)
            await uow.commit()


@pytest.fixture(params=["fake", "sqlalchemy"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        clock = FakeClock()
        uow = FakeUnitOfWork(clock=clock)
        return Store(FakeUserReader(uow), lambda: uow, clock)
    container: Container = request.getfixturevalue("container")
    return Store(container.database.user_reader(), container.database.unit_of_work, SystemClock())


async def test_finds_users_by_id_and_by_email(store: Store, ada: User) -> None:
    eve = replace(ada, id=uuid4(), email=EmailAddress.parse("eve@example.com"))
    await store.add(ada, eve)

    assert await store.reader.get(ada.id) == ada
    assert await store.reader.get_by_email(eve.email) == eve


async def test_finds_no_user_that_was_not_added(store: Store, ada: User) -> None:
    assert await store.reader.get(ada.id) is None
    assert await store.reader.get_by_email(ada.email) is None


async def test_finds_the_user_of_a_session_until_it_ends(store: Store, ada: User) -> None:
    await store.add(ada)
    session = Session.begin(session_id=uuid4(), user_id=ada.id, caller=CALLER, now=store.clock.now())
    async with store.begin() as uow:
        await uow.sessions.add(session, token_digest=b"digest")
        await uow.commit()

    assert await store.reader.of_session(session.id) == ada
    assert await store.reader.of_session(uuid4()) is None
    async with store.begin() as uow:
        await uow.sessions.end(session.id, user_id=ada.id)
        await uow.commit()

    assert await store.reader.of_session(session.id) is None


async def test_sees_a_change_at_once(store: Store, ada: User) -> None:
    await store.add(ada)
    disabled = ada.disable(now=store.clock.now())
    assert await store.reader.get(ada.id) == ada
    async with store.begin() as uow:
        await uow.users.save(disabled)
        await uow.commit()

    assert await store.reader.get(ada.id) == disabled


async def test_lists_every_cost_of_a_stored_hash_once(store: Store, ada: User) -> None:
    hashes = [
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$ZGlnZXN0",
        "$argon2id$v=19$m=8,t=1,p=1$bW9yZQ$ZGlnZXN0",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$ZGlnZXN0",
        "$argon2i$m=8,t=1,p=1$c2FsdA$ZGlnZXN0",
        "no such string",
    ]
    emails = [EmailAddress.parse(f"ada-{number}@example.com") for number in range(len(hashes))]
    await store.add(
        *(
            replace(ada, id=uuid4(), email=email, password_hash=password_hash)
            for email, password_hash in zip(emails, hashes, strict=True)
        )
    )

    assert sorted(await store.reader.password_costs()) == [
        "$argon2i$m=8,t=1,p=1",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$argon2id$v=19$m=8,t=1,p=1",
    ]


async def test_where_nobody_is_stored_there_is_no_cost(store: Store) -> None:
    assert list(await store.reader.password_costs()) == []
