import pytest

from internal.application.new_password import BreachedPassword, CommonPassword, PersonalPassword
from internal.domain.password_policy import UnacceptablePassword
from internal.ports.password_checker import Weakness
from tests.fakes.password_checker import FakePasswordChecker
from tests.fakes.password_hasher import FakePasswordHasher
from tests.support.new_password import new_password

pytestmark = pytest.mark.anyio

ADA = {"email": "ada.king@example.com", "name": "Ada King Lovelace"}
WEAK = {
    "a guessed one": Weakness.COMMON,
    "a stolen one": Weakness.BREACHED,
    "adas own one": Weakness.PERSONAL,
}


async def test_returns_the_hash_of_an_acceptable_password() -> None:
    hasher = FakePasswordHasher()

    password_hash = await new_password(hasher=hasher)("correct horse", **ADA)

    assert await hasher.verify("correct horse", password_hash)


@pytest.mark.parametrize(
    ("password", "refusal", "code"),
    [
        ("short", UnacceptablePassword, "VALIDATION_ERROR"),
        ("a" * 129, UnacceptablePassword, "VALIDATION_ERROR"),
        ("a guessed one", CommonPassword, "PASSWORD_TOO_COMMON"),
        ("adas own one", PersonalPassword, "PASSWORD_TOO_PERSONAL"),
        ("a stolen one", BreachedPassword, "PASSWORD_BREACHED"),
    ],
)
async def test_does_not_hash_an_unacceptable_password(
    password: str, refusal: type[UnacceptablePassword], code: str
) -> None:
    hasher = FakePasswordHasher()

    with pytest.raises(refusal) as refused:
        await new_password(hasher=hasher, checkers=[FakePasswordChecker(WEAK)])(password, **ADA)

    assert refused.value.code == code
    assert refused.value.errors.keys() == {"password"}
    assert hasher.hashed == []


async def test_asks_every_checker_until_one_finds_a_weakness() -> None:
    checkers = [FakePasswordChecker(), FakePasswordChecker(WEAK), FakePasswordChecker()]

    with pytest.raises(BreachedPassword):
        await new_password(checkers=list(checkers)).check("a stolen one", **ADA)

    assert [len(checker.checked) for checker in checkers] == [1, 1, 0]


async def test_asks_no_checker_for_a_password_of_the_wrong_length() -> None:
    checker = FakePasswordChecker()

    with pytest.raises(UnacceptablePassword):
        await new_password(checkers=[checker]).check("a" * 60_000, **ADA)

    assert checker.checked == []


async def test_tells_checkers_the_words_of_the_user_and_the_service() -> None:
    checker = FakePasswordChecker()

    await new_password(checkers=[checker]).check("correct horse", **ADA)

    [(_, personal)] = checker.checked
    assert personal == {
        *(
            "ada.king@example.com",
            "adakingexamplecom",
            "ada.king",
            "adaking",
            "ada",
            "king",
            "example",
            "com",
        ),
        *("Ada King Lovelace", "AdaKingLovelace", "Ada", "King", "Lovelace", "PyHexaClean"),
    }


@pytest.mark.parametrize("name", ["", "Al", "a b c", "\u0000", "x" * 60_000, "a " * 30_000])
async def test_reads_invalid_names_and_addresses(name: str) -> None:
    checker = FakePasswordChecker()

    await new_password(checkers=[checker]).check("correct horse", email=name, name=name)

    [(_, personal)] = checker.checked
    assert all(3 <= len(word) <= 400 for word in personal)
