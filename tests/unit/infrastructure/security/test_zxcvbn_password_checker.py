"""Which passwords are refused. The contract of a password checker is in tests/contracts."""

from datetime import UTC, datetime

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from internal.domain.password_policy import PasswordPolicy, UnacceptablePassword
from internal.infrastructure.security.zxcvbn_password_checker import (
    ZxcvbnPasswordChecker,
    judged_part,
)
from internal.ports.password_checker import Weakness
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.anyio

ADA = ["ada.lovelace@analytical.example", "ada.lovelace", "adalovelace", "ada", "lovelace", "analytical"]
# 11,611 passwords on the list fit the policy.
MOST_COMMON = 4_000

REFUSED = [
    *("12345678", "87654321", "qwertyuiop", "zaq12wsx", "1q2w3e4r5t", "11112222", "Password", "PASSWORD"),
    *("pASSWORD", "p@ssw0rd", "P@$$w0rd", "drowssap", "Passw0rd!", "password123", "aaaaaaaa", "abababab"),
    *("abcabcabc", "passwordpassword", " " * 8, "\U0001f642" * 8, "\u5bc6\u7801" * 4, "abcdefgh", "zyxwvuts"),
    *(
        "13579135",
        "\u0430\u0431\u0432\u0433\u0434\u0435\u0436\u0437",
        "elephant",
        "Chrysanthemum",
        "3lephant5",
    ),
    *("acme2026", "Acme2026!", "summer2026", "Summer2027!", "29112026", "2026-11-29", "password2026"),
    *("a" * 128, "password" * 16, "12345678" * 16),
]
PERSONAL = [
    *("lovelace", "Lovelace", "LOVELACE", "l0vel4ce", "ecalevol", "lovelacelovelace", "adalovelace"),
    *("ada.lovelace", "lovelaceada", "ada.lovelace@analytical.example", "lovelace1", "lovelace123"),
    *("lovelace2026", "Lovelace2026!", "analytical!", "analytical2026", "ada.lovelace" * 10),
]
ACCEPTED = [
    *("correct horse", "battery staple", "wrong horse", "correct horse battery", "tomato umbrella"),
    *("my dog is blue", "to be or not to be", "horse-lamp-cloud", "correct horse battery staple"),
    *(
        "caf\u00e9 caf\u00e9",
        "p\u00e4ssw\u00f6rd " * 14,
        "\ud55c\uae00 \ube44\ubc00\ubc88\ud638 \ub9cc\uc138",
    ),
    *(
        "kx7#mQ2p",
        "v9tz4qlw",
        "82640173",
        "\U0001f642\U0001f308\U0001f40e\U0001f511\U0001f3a9\U0001f9ca\U0001f6b2!",
    ),
    *("lovelace likes tomatoes", "my name is not ada", "a letter to analytical ada"),
]


@pytest.fixture
def checker() -> ZxcvbnPasswordChecker:
    return ZxcvbnPasswordChecker(clock=FakeClock(datetime(2026, 11, 29, tzinfo=UTC)))


def fits(password: str) -> bool:
    try:
        PasswordPolicy().check(password)
    except UnacceptablePassword:
        return False
    return True


async def test_refuses_the_most_common_passwords_that_fit_the_policy(checker: ZxcvbnPasswordChecker) -> None:
    common = [password for password in FREQUENCY_LISTS["passwords"] if fits(password)]
    assert len(common) > MOST_COMMON

    accepted = [
        password
        for password in (*common[:MOST_COMMON], *common[-100:])
        if await checker.weakness_of(password, personal=[]) is None
    ]

    assert accepted == []


@pytest.mark.parametrize("vary", ["{}1", "{}!", "{}123", "{}2026", "2026{}", "{}2026!", "{}{}"])
async def test_refuses_variants_of_the_least_common_passwords_too(
    checker: ZxcvbnPasswordChecker, vary: str
) -> None:
    words = [password for password in FREQUENCY_LISTS["passwords"][-1000:] if password.isalpha()]
    variants = [vary.format(form, form) for word in words for form in (word, word.capitalize())]
    assert len(variants) > 200

    accepted = [each for each in variants if await checker.weakness_of(each, personal=[]) is None]

    assert accepted == []


@pytest.mark.parametrize("password", REFUSED)
async def test_refuses_what_is_easy_to_guess(checker: ZxcvbnPasswordChecker, password: str) -> None:
    assert fits(password)
    assert await checker.weakness_of(password, personal=ADA) is Weakness.COMMON


@pytest.mark.parametrize("password", PERSONAL)
async def test_refuses_what_is_easy_to_guess_for_this_user(
    checker: ZxcvbnPasswordChecker, password: str
) -> None:
    assert await checker.weakness_of(password, personal=ADA) is Weakness.PERSONAL


@pytest.mark.parametrize("password", ACCEPTED)
async def test_accepts_every_other_password(checker: ZxcvbnPasswordChecker, password: str) -> None:
    assert fits(password)
    assert await checker.weakness_of(password, personal=ADA) is None


async def test_judges_only_the_first_72_characters(checker: ZxcvbnPasswordChecker) -> None:
    assert await checker.weakness_of("correct horse " + "a" * 114, personal=[]) is None
    assert (
        await checker.weakness_of("a" * 72 + "correct horse battery staple", personal=[]) is Weakness.COMMON
    )


def test_judges_a_password_up_to_eight_readings_of_its_replaced_letters() -> None:
    assert judged_part("4@$5({" + "x" * 20) == "4@$5({" + "x" * 20
    assert judged_part("4@$5({" + "x" * 20 + "[" + "x" * 20) == "4@$5({" + "x" * 20
