import asyncio
import time
from collections.abc import Awaitable
from datetime import timedelta

import pytest

from internal.infrastructure.security.argon2_password_hasher import WAIT_AT_MOST, Argon2PasswordHasher
from internal.ports.password_hasher import PasswordHasher
from internal.ports.unavailable import Unavailable
from tests.fakes.password_hasher import FakePasswordHasher

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"


def argon2(
    *, memory: int = 8, rounds: int = 1, threads: int = 1, patience: timedelta = WAIT_AT_MOST
) -> Argon2PasswordHasher:
    return Argon2PasswordHasher(memory=memory, time=rounds, parallelism=1, threads=threads, patience=patience)


async def duration_of(work: Awaitable[object]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


@pytest.fixture(params=[FakePasswordHasher, argon2])
def hasher(request: pytest.FixtureRequest) -> PasswordHasher:
    made: PasswordHasher = request.param()
    return made


@pytest.mark.parametrize("password", [PASSWORD, " ", "pässwörd 🙂", "nul\x00nul", "a" * 128, "$a$b"])
async def test_verifies_the_password_that_was_hashed(hasher: PasswordHasher, password: str) -> None:
    password_hash = await hasher.hash(password)

    assert await hasher.verify(password, password_hash)


@pytest.mark.parametrize("other", ["", "Correct horse", "correct horse ", "correct"])
async def test_refuses_another_password(hasher: PasswordHasher, other: str) -> None:
    password_hash = await hasher.hash(PASSWORD)

    assert not await hasher.verify(other, password_hash)


async def test_every_character_counts(hasher: PasswordHasher) -> None:
    password_hash = await hasher.hash("a" * 127 + "b")

    assert not await hasher.verify("a" * 127 + "c", password_hash)


async def test_the_same_password_never_hashes_alike(hasher: PasswordHasher) -> None:
    hashes = {await hasher.hash(PASSWORD) for _ in range(5)}

    assert len(hashes) == 5


async def test_nobodys_password_is_always_wrong(hasher: PasswordHasher) -> None:
    assert not await hasher.verify(PASSWORD, None)
    assert not await hasher.verify("", None)


async def test_argon2_hashes_say_how_they_were_made() -> None:
    password_hash = await argon2(memory=16, rounds=2).hash(PASSWORD)

    assert password_hash.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert await argon2(memory=8, rounds=1).verify(PASSWORD, password_hash)


async def test_argon2_works_as_hard_for_nobody_as_for_somebody() -> None:
    hasher = argon2(memory=16 * 1024, rounds=4)
    password_hash = await hasher.hash(PASSWORD)
    await hasher.verify(PASSWORD, None)  # the first time makes the hash to compare with

    somebody = min([await duration_of(hasher.verify("wrong horse", password_hash)) for _ in range(3)])
    nobody = min([await duration_of(hasher.verify("wrong horse", None)) for _ in range(3)])

    assert somebody / 5 < nobody < somebody * 5


async def test_argon2_leaves_the_event_loop_free() -> None:
    hashing = asyncio.create_task(argon2(memory=64 * 1024, rounds=5).hash(PASSWORD))

    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns > 10


async def test_argon2_lets_nobody_wait_for_long() -> None:
    hasher = argon2(memory=64 * 1024, rounds=10, patience=timedelta(milliseconds=1))
    under_way = asyncio.create_task(hasher.hash(PASSWORD))
    await asyncio.sleep(0)

    for password_hash in (None, "$argon2id$anything"):
        with pytest.raises(Unavailable):
            await hasher.verify(PASSWORD, password_hash)

    assert await hasher.verify(PASSWORD, await under_way)
