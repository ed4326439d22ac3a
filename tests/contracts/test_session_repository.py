import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from internal.domain.email_address import EmailAddress
from internal.domain.session import IDLE_FOR, LASTS_FOR, REPEAT_FOR, Session
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.database.tables import sessions
from internal.ports.clock import Clock
from internal.ports.session_repository import Rotation
from internal.ports.unit_of_work import UnitOfWork
from tests.fakes.clock import FakeClock
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.callers import CALLER

pytestmark = pytest.mark.anyio

FIRST, SECOND, THIRD, ANOTHER = (bytes([number]) * 32 for number in range(4))
LITTLE = timedelta(seconds=1)


@dataclass(frozen=True)
class Store:
    begin: Callable[[], UnitOfWork]
    clock: Clock
    wait: Callable[[timedelta], Awaitable[None]]


@pytest.fixture(params=["fake", "sqlalchemy"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "fake":
        return fake_store()
    return real_store(request.getfixturevalue("container"))


def fake_store() -> Store:
    clock = FakeClock()
    uow = FakeUnitOfWork(clock=clock)

    async def wait(duration: timedelta) -> None:
        clock.advance(duration)

    return Store(lambda: uow, clock, wait)


def real_store(container: Container) -> Store:
    async def wait(duration: timedelta) -> None:
        """Nobody can move Postgres' clock, so its rows move back instead."""
        times = ("last_used_at", "expires_at", "rotated_at")
        earlier = {name: sessions.c[name] - duration for name in times}
        async with container.database.engine().begin() as connection:
            await connection.execute(update(sessions).values(earlier))

    return Store(container.database.unit_of_work, SystemClock(), wait)


async def log_in(store: Store, user: User) -> Session:
    """Store the user, if it is new, and a session of it whose token is FIRST."""
    session = Session.begin(session_id=uuid4(), user_id=user.id, caller=CALLER, now=store.clock.now())
    async with store.begin() as uow:
        if not await uow.users.get(user.id):
            await uow.users.add(user)
        await uow.sessions.add(session, token_digest=FIRST)
        await uow.commit()
    return session


async def rotate(store: Store, session: Session, digest: bytes, successor: bytes) -> Rotation:
    async with store.begin() as uow:
        rotation = await uow.sessions.rotate(session.id, digest=digest, successor_digest=successor)
        await uow.commit()
    return rotation


async def session_ids(store: Store, user: User) -> list[UUID]:
    async with store.begin() as uow:
        return [session.id for session in await uow.sessions.list_of(user.id)]


def another(user: User) -> User:
    return replace(user, id=uuid4(), email=EmailAddress.parse("eve@example.com"))


async def test_finds_a_session_and_its_user(store: Store, ada: User) -> None:
    session = await log_in(store, ada)

    async with store.begin() as uow:
        assert await uow.sessions.get(session.id) == session
        assert await uow.users.of_session(session.id) == ada
        assert await uow.users.of_session(uuid4()) is None


async def test_the_current_token_rotates_once(store: Store, ada: User) -> None:
    session = await log_in(store, ada)

    assert await rotate(store, session, FIRST, SECOND) is Rotation.ROTATED
    assert await rotate(store, session, FIRST, SECOND) is Rotation.REPEATED
    assert await rotate(store, session, SECOND, THIRD) is Rotation.ROTATED


async def test_a_token_is_reused_once_its_successor_was_used(store: Store, ada: User) -> None:
    session = await log_in(store, ada)
    await rotate(store, session, FIRST, SECOND)
    await rotate(store, session, SECOND, THIRD)

    assert await rotate(store, session, FIRST, SECOND) is Rotation.REUSED


async def test_a_token_is_reused_when_the_time_for_repetitions_is_over(store: Store, ada: User) -> None:
    session = await log_in(store, ada)
    await rotate(store, session, FIRST, SECOND)
    await store.wait(REPEAT_FOR - LITTLE)
    assert await rotate(store, session, FIRST, SECOND) is Rotation.REPEATED

    await store.wait(2 * LITTLE)

    assert await rotate(store, session, FIRST, SECOND) is Rotation.REUSED


async def test_a_token_that_was_never_stored_counts_as_reused(store: Store, ada: User) -> None:
    session = await log_in(store, ada)

    assert await rotate(store, session, ANOTHER, SECOND) is Rotation.REUSED
    assert await rotate(store, session, FIRST, SECOND) is Rotation.ROTATED


async def test_fifty_simultaneous_rotations_rotate_once(store: Store, ada: User) -> None:
    session = await log_in(store, ada)
    calls = asyncio.Semaphore(8 if not isinstance(store.clock, FakeClock) else 1)

    async def one() -> Rotation:
        async with calls:
            return await rotate(store, session, FIRST, SECOND)

    rotations = await asyncio.gather(*(one() for _ in range(50)))

    assert sorted(rotations, key=lambda each: each.value) == [Rotation.ROTATED] + [Rotation.REPEATED] * 49


async def test_a_session_that_is_not_used_expires(store: Store, ada: User) -> None:
    session = await log_in(store, ada)
    await store.wait(IDLE_FOR - LITTLE)
    await rotate(store, session, FIRST, SECOND)
    await store.wait(2 * LITTLE)
    assert await session_ids(store, ada) == [session.id]

    await store.wait(IDLE_FOR)

    await expect_ended(store, session)


async def test_a_caller_may_allow_a_session_less_idle_time(store: Store, ada: User) -> None:
    session = await log_in(store, ada)
    await store.wait(timedelta(hours=1))

    for idle_for, rotation in [
        (timedelta(minutes=59), Rotation.ENDED),
        (timedelta(minutes=61), Rotation.ROTATED),
    ]:
        async with store.begin() as uow:
            found = await uow.sessions.rotate(
                session.id, digest=FIRST, successor_digest=SECOND, idle_for=idle_for
            )
            await uow.commit()
        assert found is rotation


async def test_a_session_that_is_used_expires_in_the_end(store: Store, ada: User) -> None:
    session = await log_in(store, ada)
    tokens = [FIRST, SECOND]
    for _ in range(LASTS_FOR // timedelta(days=6)):
        assert await rotate(store, session, tokens[0], tokens[1]) is Rotation.ROTATED
        tokens.reverse()
        await store.wait(timedelta(days=6))

    await expect_ended(store, session)


async def expect_ended(store: Store, session: Session) -> None:
    async with store.begin() as uow:
        assert await uow.sessions.get(session.id) is None
        assert await uow.users.of_session(session.id) is None
        assert not await uow.sessions.list_of(session.user_id)
    for token in (FIRST, SECOND):
        assert await rotate(store, session, token, THIRD) is Rotation.ENDED


async def test_ends_one_session_of_the_user(store: Store, ada: User) -> None:
    session, other = await log_in(store, ada), await log_in(store, ada)

    async with store.begin() as uow:
        assert await uow.sessions.end(session.id, user_id=ada.id)
        assert not await uow.sessions.end(session.id, user_id=ada.id)
        assert not await uow.sessions.end(other.id, user_id=uuid4())
        await uow.commit()

    assert await session_ids(store, ada) == [other.id]


async def test_ends_all_sessions_of_the_user_but_one(store: Store, ada: User) -> None:
    eve = another(ada)
    kept, *_ = [await log_in(store, ada) for _ in range(3)]
    of_eve = await log_in(store, eve)

    async with store.begin() as uow:
        assert await uow.sessions.end_all(ada.id, but=kept.id) == 2
        await uow.commit()
    assert await session_ids(store, ada) == [kept.id]

    async with store.begin() as uow:
        assert await uow.sessions.end_all(ada.id) == 1
        await uow.commit()
    assert await session_ids(store, ada) == []
    assert await session_ids(store, eve) == [of_eve.id]


async def test_ends_the_sessions_that_were_used_longest_ago(store: Store, ada: User) -> None:
    eve = another(ada)
    of_eve = await log_in(store, eve)
    first, _, third = [await log_in(store, ada) for _ in range(3)]
    await store.wait(LITTLE)
    await rotate(store, first, FIRST, SECOND)
    await store.wait(LITTLE)
    await rotate(store, third, FIRST, SECOND)

    async with store.begin() as uow:
        assert await uow.sessions.end_oldest(ada.id, keep=2) == 1
        await uow.commit()

    assert await session_ids(store, ada) == [third.id, first.id]
    assert await session_ids(store, eve) == [of_eve.id]


async def test_the_session_used_last_is_listed_first(store: Store, ada: User) -> None:
    older = await log_in(store, ada)
    await store.wait(LITTLE)
    newer = await log_in(store, ada)
    assert await session_ids(store, ada) == [newer.id, older.id]
    await store.wait(LITTLE)

    await rotate(store, older, FIRST, SECOND)

    assert await session_ids(store, ada) == [older.id, newer.id]


async def test_sessions_end_with_their_user(store: Store, ada: User) -> None:
    session = await log_in(store, ada)

    async with store.begin() as uow:
        await uow.users.delete(ada)
        await uow.commit()

    async with store.begin() as uow:
        assert await uow.sessions.get(session.id) is None
