import time
from typing import Any

import pytest

from internal.infrastructure.monitoring.personal_data import DEEPEST, LONGEST_TEXT, MASK, masked, masked_text


def test_masks_fields_by_their_names_at_any_depth() -> None:
    payload = {
        "user_id": "7",
        "email": "ada@example.com",
        "profile": {"display_name": "Ada", "age": 36, "phones": ["1"]},
        "Access-Token": {"inner": 1},
        "name": None,
    }

    assert masked(payload) == {
        "user_id": "7",
        "email": MASK,
        "profile": {"display_name": MASK, "age": 36, "phones": MASK},
        "Access-Token": MASK,
        "name": None,
    }


def test_masks_addresses_in_any_text() -> None:
    assert masked(["550 <ada@example.com> unknown", 1, True]) == [f"550 <{MASK}> unknown", 1, True]


def test_masks_addresses_in_the_names_of_fields() -> None:
    assert masked({"<ada@example.com>": 1}) == {f"<{MASK}>": 1}


@pytest.mark.parametrize(
    "key", ["ip", "user_ip", "api_key", "to", "reply-to", "smtp_password", "mailAddress"]
)
def test_knows_many_names(key: str) -> None:
    assert masked({key: "x"}) == {key: MASK}


@pytest.mark.parametrize("key", ["template", "count", "zip", "total", "skipped", "monkeys"])
def test_leaves_other_names_alone(key: str) -> None:
    assert masked({key: "x"}) == {key: "x"}


def test_an_address_that_is_cut_is_masked_as_well() -> None:
    assert "ada" not in masked_text("." + " " * (LONGEST_TEXT - 3) + "ada@example.com")


def test_cuts_what_is_deep() -> None:
    deep: Any = "secret"
    for _ in range(10_000):
        deep = [deep]

    shown = masked(deep)

    for _ in range(DEEPEST + 1):
        assert isinstance(shown, list)
        [shown] = shown
    assert shown == "…"


@pytest.mark.parametrize("text", ["a" * 1_000_000, "@" * 1_000_000, "a@" * 500_000])
def test_long_texts_take_no_time(text: str) -> None:
    began = time.perf_counter()

    shown = masked({"text": text, text: text})

    assert isinstance(shown, dict)
    assert time.perf_counter() - began < 1
