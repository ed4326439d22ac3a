import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.taskqueue.inspection.cursors import from_cursor, to_cursor


@given(score=st.integers(-(2**53), 2**53).map(str) | st.just("inf"), task_id=st.text())
def test_a_cursor_is_read_as_it_was_written(score: str, task_id: str) -> None:
    cursor = to_cursor((score, task_id))

    assert from_cursor(cursor) == (score, task_id)
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.text())
def test_a_malformed_cursor_is_refused_or_read(cursor: str) -> None:
    try:
        position = from_cursor(cursor)
    except ValueError as error:
        assert "cursor" in str(error)  # noqa: PT017 - either is right
    else:
        float(position[0])


@pytest.mark.parametrize("score", ["nan", "1 2", "(1", "-inf", "1e400", "", "\u0663"])
def test_a_score_is_a_number_that_redis_takes(score: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        from_cursor(to_cursor((score, "id")))
