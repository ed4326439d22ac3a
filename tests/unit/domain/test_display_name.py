import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.domain.display_name import DisplayName, InvalidDisplayName


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("Ada", "Ada"),
        ("  Ada Lovelace \n", "Ada Lovelace"),
        ("A\u0301da", "\u00c1da"),
        ("李小龍", "李小龍"),
        ("<b>{{7*7}}</b>", "<b>{{7*7}}</b>"),
        ("a" * 100, "a" * 100),
        ("a\u0301" * 100, "\u00e1" * 100),
    ],
)
def test_accepts_and_normalises(text: str, normalised: str) -> None:
    assert DisplayName.parse(text).value == normalised


@pytest.mark.parametrize("text", ["", "Al", "  Al  ", "a" * 101])
def test_rejects_a_name_of_the_wrong_length(text: str) -> None:
    with pytest.raises(InvalidDisplayName) as rejected:
        DisplayName.parse(text)

    assert rejected.value.errors == {"name": ["must be between 3 and 100 characters"]}


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\r",
        "\n",
        "\x1b",
        "\x85",
        "\u200b",  # zero width space
        "\u202e",  # right-to-left override
        "\ufeff",
        "\ud800",  # lone surrogate
        "\ue000",  # private use
        "\uffff",  # unassigned for ever
        "\u2028",  # line separator
    ],
)
def test_rejects_characters_that_cannot_be_seen(character: str) -> None:
    with pytest.raises(InvalidDisplayName) as rejected:
        DisplayName.parse(f"Ada{character}Eve")

    assert rejected.value.errors == {"name": ["must not contain control or invisible characters"]}


@given(st.text())
def test_parsing_either_refuses_or_normalises_once_and_for_all(text: str) -> None:
    try:
        once = DisplayName.parse(text)
    except InvalidDisplayName:
        return

    assert DisplayName.parse(str(once)) == once
    assert 3 <= len(str(once)) <= 100
    assert not any(unicodedata.category(character).startswith("C") for character in str(once))
