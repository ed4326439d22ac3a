import asyncio
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pwdlib.hashers.argon2 import Argon2Hasher

from internal.infrastructure.security.argon2_password_hasher import Argon2PasswordHasher
from internal.infrastructure.security.bounded_threads import WAIT_AT_MOST
from internal.ports.password_hasher import Match, PasswordHasher
from internal.ports.unavailable import Unavailable
from tests.fakes.password_hasher import FakePasswordHasher

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"
CHEAP, DEAR = "$argon2id$v=19$m=8,t=1,p=1", "$argon2id$v=19$m=16384,t=4,p=1"
HASH = re.compile(r"(\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+)\$[^$]+\$[^$]+")
# The same text to a reader, in NFC and as a keyboard may send it.
SPELLINGS = [
    ("caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301"),
    ("\u00c5ngstr\u00f6m", "\u212bngstro\u0308m"),
    ("\ud55c\uae00 password", unicodedata.normalize("NFD", "\ud55c\uae00 password")),
    ("two dots: \u1e69", "two dots: s\u0307\u0323"),
    ("\u0915\u093c" * 8, "\u0958" * 8),
]


def argon2(
    *, memory: int = 8, rounds: int = 1, threads: int = 1, patience: timedelta = WAIT_AT_MOST
) -> Argon2PasswordHasher:
    return Argon2PasswordHasher(memory=memory, time=rounds, parallelism=1, threads=threads, patience=patience)


async def work_of(verifying: Awaitable[object]) -> float:
    """The seconds of CPU that it takes, in all threads."""
    started = time.process_time()
    await verifying
    return time.process_time() - started


MAKERS: list[Callable[[], PasswordHasher]] = [FakePasswordHasher, argon2]


@pytest.fixture(params=MAKERS)
def hasher(request: pytest.FixtureRequest) -> PasswordHasher:
    made: PasswordHasher = request.param()
    return made


@pytest.mark.parametrize("password", [PASSWORD, " ", "pässwörd 🙂", "nul\x00nul", "a" * 128, "$a$b"])
async def test_verifies_the_password_that_was_hashed(hasher: PasswordHasher, password: str) -> None:
    password_hash = await hasher.hash(password)

    assert await hasher.verify(password, password_hash) is Match.YES


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


async def test_a_password_without_an_account_is_always_wrong(hasher: PasswordHasher) -> None:
    assert not await hasher.verify(PASSWORD, None)
    assert not await hasher.verify("", None)


async def test_argon2_hashes_say_how_they_were_made() -> None:
    password_hash = await argon2(memory=16, rounds=2).hash(PASSWORD)

    assert password_hash.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert await argon2(memory=8, rounds=1).verify(PASSWORD, password_hash)


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        (FakePasswordHasher(cost=1), FakePasswordHasher(cost=2)),
        (argon2(memory=8), argon2(memory=16)),
        (argon2(memory=16), argon2(memory=8)),
        (argon2(rounds=1), argon2(rounds=2)),
    ],
    ids=["fake", "more memory", "less memory", "more passes"],
)
async def test_a_hash_of_another_cost_is_outdated(earlier: PasswordHasher, now: PasswordHasher) -> None:
    password_hash = await earlier.hash(PASSWORD)

    assert await now.verify(PASSWORD, password_hash) is Match.OUTDATED
    assert await now.verify("wrong horse", password_hash) is Match.NO
    assert await now.verify(PASSWORD, await now.hash(PASSWORD)) is Match.YES


@pytest.mark.parametrize(("composed", "decomposed"), SPELLINGS)
async def test_a_password_is_the_same_in_every_spelling(
    hasher: PasswordHasher, composed: str, decomposed: str
) -> None:
    for signed_up, logs_in in [(composed, decomposed), (decomposed, composed), (decomposed, decomposed)]:
        assert await hasher.verify(logs_in, await hasher.hash(signed_up)) is Match.YES


@pytest.mark.parametrize("make", MAKERS)
@given(password=st.text(st.characters(exclude_categories=["Cs"]), max_size=128))
async def test_any_password_is_the_same_in_every_spelling(
    make: Callable[[], PasswordHasher], password: str
) -> None:
    hasher = make()

    password_hash = await hasher.hash(password)

    assert await hasher.verify(unicodedata.normalize("NFC", password), password_hash) is Match.YES
    assert await hasher.verify(unicodedata.normalize("NFD", password), password_hash) is Match.YES


@pytest.mark.parametrize(
    "password", ["\ufb01rst letter", "first\u200dletter", "Password\uff11", "\U0001f9d1\u200d\U0001f680"]
)
async def test_a_password_that_looks_the_same_is_a_different_one(
    hasher: PasswordHasher, password: str
) -> None:
    password_hash = await hasher.hash(unicodedata.normalize("NFKC", password).replace("\u200d", ""))

    assert await hasher.verify(password, password_hash) is Match.NO


@pytest.mark.parametrize(("composed", "decomposed"), SPELLINGS)
async def test_a_hash_from_before_normalization_works_and_is_outdated(composed: str, decomposed: str) -> None:
    hasher = argon2()
    earlier = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(decomposed)

    assert await hasher.verify(decomposed, earlier) is Match.OUTDATED
    assert await hasher.verify(composed, earlier) is Match.NO


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """How often Argon2 hashes a password to compare it, by cost and password."""
    hashed: Counter[tuple[str, str]] = Counter()
    verify = Argon2Hasher.verify

    def counting(hasher: Argon2Hasher, password: str, stored: str) -> bool:
        if found := HASH.fullmatch(stored):
            hashed[found[1], password] += 1
        return verify(hasher, password, stored)

    monkeypatch.setattr(Argon2Hasher, "verify", counting)
    return hashed


@pytest.mark.parametrize("password", ["wrong horse", "wrong hors\u0065\u0301"])
@pytest.mark.parametrize(
    ("configured", "stored"), [(DEAR, CHEAP), (CHEAP, DEAR), (CHEAP, CHEAP), (DEAR, DEAR)]
)
async def test_argon2_works_as_hard_for_every_wrong_password(
    hashed: Counter[tuple[str, str]], password: str, configured: str, stored: str
) -> None:
    hashers = {CHEAP: argon2(), DEAR: argon2(memory=16 * 1024, rounds=4)}
    costs = {CHEAP, stored}
    accounts = [await hashers[cost].hash(PASSWORD) for cost in (CHEAP, stored)]
    work = []

    for account in (*accounts, None, "not an Argon2 hash"):
        hashed.clear()
        await hashers[configured].verify(password, account, stored_costs=costs)
        work.append(dict(hashed))

    forms = {password, unicodedata.normalize("NFC", password)}
    once_each = {(cost, form): 1 for cost in {configured, *costs} for form in forms}
    assert work == [once_each] * 4


async def test_argon2_works_as_hard_where_there_is_no_account() -> None:
    hasher = argon2(memory=16 * 1024, rounds=4)
    account = await hasher.hash(PASSWORD)

    nobody, somebody = [
        min([await work_of(hasher.verify("wrong horse", stored)) for _ in range(5)])
        for stored in (None, account)
    ]

    assert somebody / 2 < nobody < somebody * 2


async def test_a_very_long_password_takes_no_longer_to_refuse(hasher: PasswordHasher) -> None:
    marks = "e" + "\u0301\u0316" * 16_000

    assert await work_of(hasher.verify(marks, await hasher.hash(PASSWORD))) < 0.2


async def test_argon2_leaves_the_event_loop_free() -> None:
    hashing = asyncio.create_task(argon2(memory=64 * 1024, rounds=5).hash(PASSWORD))

    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns > 10


async def test_argon2_refuses_a_caller_that_would_wait_for_long() -> None:
    hasher = argon2(memory=64 * 1024, rounds=10, patience=timedelta(milliseconds=1))
    under_way = asyncio.create_task(hasher.hash(PASSWORD))
    await asyncio.sleep(0)

    for password_hash in (None, "$argon2id$anything"):
        with pytest.raises(Unavailable):
            await hasher.verify(PASSWORD, password_hash)

    assert await hasher.verify(PASSWORD, await under_way)
