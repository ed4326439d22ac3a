import time
from typing import Literal
from unicodedata import normalize

import pytest

from internal.domain.password_policy import PasswordPolicy, UnacceptablePassword


@pytest.mark.parametrize("password", ["a" * 8, "a" * 128, "        ", "pässwörd", "🙂" * 8, "with\x00nul"])
def test_accepts_any_password_of_the_right_length(password: str) -> None:
    PasswordPolicy().check(password)


@pytest.mark.parametrize("password", ["", "a" * 7, "🙂" * 7, "a" * 129, "a" * 1_000_000])
def test_rejects_a_password_of_the_wrong_length(password: str) -> None:
    with pytest.raises(UnacceptablePassword) as rejected:
        PasswordPolicy().check(password)

    assert rejected.value.errors == {"password": ["must be between 8 and 128 characters"]}


def test_the_minimum_can_be_raised() -> None:
    policy = PasswordPolicy(min_length=12)

    policy.check("a" * 12)

    with pytest.raises(UnacceptablePassword, match="Validation failed"):
        policy.check("a" * 11)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_counts_the_characters_of_the_composed_form(form: Literal["NFC", "NFD"]) -> None:
    seven, eight, longest, too_long = (normalize(form, "\u01d5" * length) for length in (7, 8, 128, 129))

    PasswordPolicy().check(eight)
    PasswordPolicy().check(longest)

    for refused in (seven, too_long):
        with pytest.raises(UnacceptablePassword):
            PasswordPolicy().check(refused)


def test_rejects_a_body_full_of_combining_marks_at_once() -> None:
    started = time.process_time()
    with pytest.raises(UnacceptablePassword):
        PasswordPolicy().check("e" + "\u0301\u0316" * 16_000)

    assert time.process_time() - started < 0.1
