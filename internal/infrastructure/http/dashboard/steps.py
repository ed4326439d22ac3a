"""An action on many tasks, in steps: each request does one, and its page leads to the next."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from litestar.exceptions import ValidationException
from litestar.response import Template
from msgspec import Meta

from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.http.dashboard.task_query import LARGEST
from internal.infrastructure.http.web.form import Form
from internal.infrastructure.monitoring.outcome import Outcome
from internal.infrastructure.monitoring.snapshot import Snapshots
from internal.ports.task_inspector import ActionStep, TaskAction
from internal.ports.unavailable import Unavailable

Number = Annotated[int, Meta(ge=0, le=LARGEST)]


class StepForm(Form, frozen=True, kw_only=True):
    """Where an action is, and what it did so far. The browser keeps it, so that it survives a restart.

    total: the number of tasks to look at when the action began.
    reasons: JSON of the reasons of refusals and their numbers.
    """

    action: TaskAction
    total: Number = 0
    cursor: str = ""
    looked_at: Number = 0
    done: Number = 0
    reasons: Annotated[str, Meta(max_length=10_000)] = "{}"

    @property
    def outcome(self) -> Outcome:
        try:
            reasons = msgspec.json.decode(self.reasons, type=dict[str, Number])
        except msgspec.DecodeError as error:
            raise ValidationException("The field reasons is malformed") from error
        return Outcome(self.action, self.done, reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What the pages of an action say, and where they lead.

    address: takes the form of the next step, with these `fields` beside those of every form.
    among: the tasks that the action looks at, for example "pending tasks of default".
    stop, back: where a person goes who stops the action, or has seen its result.
    """

    address: str
    among: str
    stop: str
    back: str
    back_text: str
    fields: Sequence[str] = ()


async def take_step(
    form: StepForm,
    way: Way,
    act: Callable[[], Awaitable[ActionStep]],
    *,
    frame: Frame,
    snapshots: Snapshots,
) -> Template:
    """Take the next step, and show how far the action is, or its result."""
    so_far = form.outcome
    try:
        step = await act()
    except Unavailable:
        # Actions cannot be repeated by mistake, so the same step can be sent again.
        return _progress(frame, form, way, so_far, is_interrupted=True)
    except ValueError as error:
        raise ValidationException("The field cursor is malformed") from error
    snapshots.forget()
    outcome = so_far.plus(step.result)
    if step.next is None:
        return frame.page(
            "task_result.html", outcome=outcome, refused={}, back=way.back, back_text=way.back_text
        )
    looked_at = min(form.looked_at + step.looked_at, LARGEST)
    reached = msgspec.structs.replace(form, looked_at=looked_at, cursor=step.next)
    return _progress(frame, reached, way, outcome, is_interrupted=False)


def _progress(frame: Frame, form: StepForm, way: Way, outcome: Outcome, *, is_interrupted: bool) -> Template:
    return frame.page(
        "bulk_progress.html",
        form=form,
        way=way,
        outcome=outcome,
        reasons=msgspec.json.encode(outcome.reasons).decode(),
        is_interrupted=is_interrupted,
    )
