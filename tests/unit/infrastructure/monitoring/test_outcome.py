import pytest

from internal.infrastructure.monitoring.outcome import Outcome
from internal.ports.task_inspector import ActionResult, TaskAction


def test_adds_up_results_and_groups_reasons() -> None:
    first = ActionResult(done=["1", "2"], refused={"3": "it is completed"})
    second = ActionResult(
        done=["4"],
        refused={"5": "it is completed", "6": "an equal task exists: 7", "8": "an equal task exists: 9"},
    )

    outcome = Outcome(TaskAction.RUN).plus(first).plus(second)

    assert (outcome.done, outcome.refused) == (3, 4)
    assert outcome.reasons == {"it is completed": 2, "an equal task exists": 2}


@pytest.mark.parametrize(
    ("outcome", "summary"),
    [
        (
            Outcome(TaskAction.RUN, 1240, {"it is completed": 3}),
            "1,240 tasks are pending now, 3 were refused",
        ),
        (Outcome(TaskAction.DELETE, 1), "1 task is deleted"),
        (Outcome(TaskAction.ARCHIVE, 0, {"gone": 1}), "No task is archived, 1 was refused"),
        (Outcome(TaskAction.CANCEL, 2), "2 tasks are being cancelled"),
    ],
)
def test_says_the_result_in_one_line(outcome: Outcome, summary: str) -> None:
    assert outcome.summary == summary
