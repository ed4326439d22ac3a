import asyncio
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from internal.infrastructure.security.range_api_password_checker import RangeApiPasswordChecker
from internal.infrastructure.security.zxcvbn_password_checker import ZxcvbnPasswordChecker
from internal.ports.password_checker import PasswordChecker, Weakness
from tests.fakes.clock import FakeClock
from tests.fakes.password_checker import COMMON, FakePasswordChecker
from tests.support.range_api import range_api

pytestmark = pytest.mark.anyio


def zxcvbn() -> ZxcvbnPasswordChecker:
    return ZxcvbnPasswordChecker(clock=FakeClock())


STOLEN = "caf\u00e9 caf\u00e9"
Makers = Mapping[str, Callable[[], PasswordChecker]]


@pytest.fixture(scope="module")
def makers() -> Iterator[Makers]:
    with range_api(STOLEN) as api:
        breached = RangeApiPasswordChecker(url=api.url, within=timedelta(seconds=10))
        yield {
            "fake": lambda: FakePasswordChecker({STOLEN: Weakness.BREACHED}),
            "zxcvbn": zxcvbn,
            "range API": lambda: breached,
        }


every_checker = pytest.mark.parametrize("name", ["fake", "zxcvbn", "range API"])
checkers_of_words = pytest.mark.parametrize("name", ["fake", "zxcvbn"])


@pytest.mark.parametrize(
    ("name", "password", "weakness"),
    [
        ("fake", COMMON, Weakness.COMMON),
        ("zxcvbn", COMMON, Weakness.COMMON),
        ("fake", STOLEN, Weakness.BREACHED),
        ("range API", STOLEN, Weakness.BREACHED),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_finds_a_password_that_it_knows_in_every_spelling(
    makers: Makers, name: str, password: str, weakness: Weakness, form: Literal["NFC", "NFD"]
) -> None:
    spelling = unicodedata.normalize(form, password)

    assert await makers[name]().weakness_of(spelling, personal=[]) is weakness


@checkers_of_words
async def test_finds_a_password_that_is_a_word_of_the_user(makers: Makers, name: str) -> None:
    personal = ["kowalczykiewicz", "\u017b\u00f3\u0142kiewska"]

    for password in (*personal, unicodedata.normalize("NFD", personal[1])):
        assert await makers[name]().weakness_of(password, personal=personal) is Weakness.PERSONAL


@checkers_of_words
async def test_the_words_of_one_user_mean_nothing_for_another(makers: Makers, name: str) -> None:
    checker, word = makers[name](), "kowalczykiewicz"

    found = await asyncio.gather(
        *(checker.weakness_of(word, personal=[word] if i % 2 else []) for i in range(20))
    )

    assert found == [None, Weakness.PERSONAL] * 10


@every_checker
@pytest.mark.parametrize("password", ["correct horse", "battery staple", "p\u00e4ssw\u00f6rd " * 14])
async def test_accepts_a_pass_phrase(makers: Makers, name: str, password: str) -> None:
    personal = ["ada", "lovelace", "ada@example.com"]

    assert await makers[name]().weakness_of(password, personal=personal) is None


@every_checker
async def test_takes_words_that_cannot_be_encoded(makers: Makers, name: str) -> None:
    """The arguments of a command may be any bytes."""
    personal = ["\udcff\udcfe\udcff"]

    assert await makers[name]().weakness_of("battery staple", personal=personal) is None


# Fragments of the patterns that zxcvbn looks for, with characters that break naive expressions.
FRAGMENTS = [
    "1234",
    "\n",
    "11",
    "-",
    "2026",
    "\u0661\u0662\u0663\u0664",
    "\u00b2\u00b3",
    "aab",
    "p@$$",
    "\u0130\ufb03",
    "\x00",
]
TEXT = st.text(max_size=200) | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)


@every_checker
@example(password="12345\n12345\n", personal=[])
@given(password=TEXT, personal=st.lists(st.text(max_size=20), max_size=5))
async def test_judges_any_text(makers: Makers, name: str, password: str, personal: list[str]) -> None:
    found = await makers[name]().weakness_of(password, personal=personal)

    assert found is None or isinstance(found, Weakness)


@pytest.mark.parametrize(
    "password",
    [
        "12121212121212121212121212121211[[[1<4+|7{@aaaa$29+11aa+!|4[59{!$000111100",
        "48({[<3691!|70$5+%2@" * 3 + "passwordpass",
        "12" * 35 + "7",
        "0110110001011101110101011100101" * 3,
        "e" + "\u0301\u0316" * 63,
        "4@8({[<369!1|170$5+7%2abcegilostxz" * 3,
        "o7{pasb9815e342u1%g931q1s1%g931q1s(tebe[6153b5w17b5217s8c3b5o72r0tp3%6t",
        "(p4s\u2ec4\U0001f3aa|\u0f1a\U0001f68d1\U0001f6f0\u2114w8" * 6,
    ],
)
async def test_zxcvbn_takes_no_longer_than_some_hashes_for_any_password(password: str) -> None:
    checker = zxcvbn()
    await checker.weakness_of(COMMON, personal=[])
    started = time.process_time()

    await checker.weakness_of(password, personal=["12", "1", "211"])

    assert time.process_time() - started < 0.1
