import pytest

from benchmarks.signup import TARGET, require_target


def test_fails_in_one_line_below_the_target() -> None:
    with pytest.raises(SystemExit) as missed:
        require_target(TARGET - 0.001)

    assert missed.value.code == "0.849 is below the target of 0.85"  # text: exit code 1


def test_passes_at_the_target() -> None:
    require_target(TARGET)
