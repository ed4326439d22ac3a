import pytest

from benchmarks.report import Figure, Target, conclude, percentile, ratios


def test_the_median_of_the_rounds_is_what_has_to_meet_the_target() -> None:
    assert not Figure("wait", [1, 2, 90], "ms", Target(2)).is_missed
    assert Figure("wait", [1, 3, 90], "ms", Target(2)).is_missed
    assert Figure("rate", [1, 3, 90], "tasks/s", Target(4, at_least=True)).is_missed


def test_another_value_may_stand_for_the_rounds() -> None:
    assert Figure("lost", [0, 0, 1], "tasks", Target(0), value=1).is_missed


def test_a_figure_without_a_target_cannot_miss_it() -> None:
    assert not Figure("Huey", [1]).is_missed


def test_ends_in_one_line_that_says_what_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    figures = [Figure("rate", [1], "tasks/s", Target(2, at_least=True)), Figure("wait", [1], "ms", Target(2))]

    with pytest.raises(SystemExit) as missed:
        conclude(figures)

    assert missed.value.code == "missed: rate"  # text: exit code 1
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["target", "missed", "met"]


def test_mentions_no_misses_if_all_targets_are_met() -> None:
    conclude([Figure("wait", [1], "ms", Target(2))])


def test_compares_round_by_round() -> None:
    assert ratios([10, 30], [5, 10]) == [2, 3]


def test_percentiles_lie_within_the_samples() -> None:
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert percentile([1.0, 2.0, 3.0], 99) <= 3.0
