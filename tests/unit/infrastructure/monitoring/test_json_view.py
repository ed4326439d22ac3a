import json
from typing import Any

import pytest

from internal.infrastructure.monitoring.json_view import LONGEST_KEY, MOST_PIECES, Piece, pieces_of
from internal.infrastructure.monitoring.personal_data import LONGEST_TEXT, MASK, MOST_ITEMS


def text_of(value: object) -> str:
    return "".join(piece.text for piece in pieces_of(value))


@pytest.mark.parametrize(
    "value", [None, True, 1, 2.5, "text", [], {}, [1, [2, {"a": []}]], {"a": {"b": [None]}, "ü": "grüße"}]
)
def test_short_values_are_whole(value: object) -> None:
    assert text_of(value) == json.dumps(value, indent=2, ensure_ascii=False)


def test_keys_texts_and_masks_have_a_kind() -> None:
    kinds = {(piece.text, piece.kind) for piece in pieces_of({"name": MASK, "a": "b", "n": 1})}

    assert {('"name"', "key"), (MASK, "mask"), ('"b"', "text"), ("1", "plain")} <= kinds


def test_invisible_characters_are_shown() -> None:
    assert text_of("a\u202eb") == '"a\\u202eb"'


def test_a_long_value_is_cut() -> None:
    long: Any = {"k" * 5000: "v" * 1_000_000, "items": list(range(100_000))}

    shown = text_of(long)

    assert len(shown) < LONGEST_KEY + LONGEST_TEXT + MOST_ITEMS * 12
    assert f"… {100_000 - MOST_ITEMS} more" in shown


def test_a_wide_and_deep_value_is_cut() -> None:
    value: Any = 1
    for _ in range(30):
        value = [value, value]

    pieces = pieces_of(value)

    assert len(pieces) == MOST_PIECES + 1
    assert pieces[-1] == Piece("…")
