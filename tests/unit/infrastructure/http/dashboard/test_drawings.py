from collections.abc import Callable

import pytest

from internal.infrastructure.http.dashboard.drawings import Drawings


@pytest.fixture
def drawings() -> Drawings:
    return Drawings()


def draws(text: str) -> Callable[[], str]:
    return lambda: text


def test_a_part_is_drawn_once_for_the_same_source(drawings: Drawings) -> None:
    snapshot = object()

    drawn = [drawings.once(snapshot, "queues", caller=draws(text)) for text in ("first", "second")]

    assert drawn == ["first", "first"]


def test_an_equal_but_newer_source_is_drawn_again(drawings: Drawings) -> None:
    first: list[int] = []
    drawings.once(first, "queues", caller=draws("first"))

    assert drawings.once([], "queues", caller=draws("second")) == "second"
    assert drawings.once(first, "queues", caller=draws("third")) == "third"


def test_viewers_who_may_act_get_their_own_part(drawings: Drawings) -> None:
    snapshot = object()
    drawings.once(snapshot, "queues", "act", caller=draws("with buttons"))

    assert drawings.once(snapshot, "queues", "look", caller=draws("without")) == "without"
