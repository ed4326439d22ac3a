"""The form that enqueues a task, made from the type of its payload."""

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any, Self, cast

from internal.infrastructure.http.dashboard.form_field import FormField, Typed, sentence
from internal.infrastructure.http.dashboard.option_form import (
    OPTIONS,
    arguments_of,
    options_of,
    own_options,
)
from internal.infrastructure.http.dashboard.payload_form import payload_inputs, payload_of, with_errors
from internal.ports.tasks import Task, TaskOptions, TaskOverrides

_NOTHING: Typed = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChoice:
    name: str
    about: str
    queue: str
    retries: int

    @classmethod
    def of(cls, task_type: type[Task]) -> Self:
        own = task_type.task_options
        about = _description_of(task_type)
        return cls(name=task_type.task_name, about=about, queue=own.queue, retries=own.max_retries)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueForm:
    """`id` is new for each form, so that a form that is sent twice stores one task.

    payload, overrides: what was typed, as far as it is valid. problem: of the form as a whole.
    """

    task_type: type[Task]
    id: str
    fields: Sequence[FormField]
    options: Sequence[FormField]
    is_direct: bool
    payload: Mapping[str, Any]
    overrides: TaskOverrides
    arguments: Sequence[tuple[str, str]]
    problem: str = ""

    @property
    def name(self) -> str:
        return self.task_type.task_name

    @property
    def own(self) -> Mapping[str, str]:
        return own_options(self.task_type.task_options)

    @property
    def about(self) -> str:
        return _description_of(self.task_type)

    @property
    def is_valid(self) -> bool:
        return not (self.problem or any(field.error for field in (*self.fields, *self.options)))

    @property
    def has_options(self) -> bool:
        return self.is_direct or any(field.text or field.error for field in self.options)

    @property
    def wrong(self) -> Sequence[str]:
        """The labels of the fields that do not fit."""
        return [field.label for field in (*self.fields, *self.options) if field.error]

    @property
    def command(self) -> str | None:
        """The same at the command line. None: a value has invisible characters, which a page cannot show."""
        payload = json.dumps(self.payload, ensure_ascii=False)
        if not payload.isprintable():
            payload = json.dumps(self.payload)
        given = [("--payload", payload)] if self.payload else []
        arguments = [f"{name}={quote(text)}" for name, text in (*given, *self.arguments)]
        direct = ["--direct"] if self.is_direct else []
        parts = [f"./admin task enqueue {quote(self.name)}", *arguments, *direct]
        return " \\\n  ".join(parts) if all(part.isprintable() for part in parts) else None


def _description_of(task_type: type[Task]) -> str:
    """The first line of the class's docstring, as text. A dataclass without one gets its signature."""
    first = (inspect.getdoc(task_type) or "").partition("\n")[0]
    return "" if first.startswith(f"{task_type.__name__}(") else first.replace("`", "")


def new_form(task_type: type[Task], *, form_id: str, queues: Sequence[str]) -> EnqueueForm:
    own = task_type.task_options
    return EnqueueForm(
        task_type=task_type,
        id=form_id,
        fields=[each.form_field(None) for each in payload_inputs(task_type)],
        options=[option.form_field(own, _NOTHING, queues) for option in OPTIONS],
        is_direct=False,
        payload={},
        overrides={},
        arguments=[],
    )


def sent_form(task_type: type[Task], typed: Typed, *, queues: Sequence[str]) -> EnqueueForm:
    own, inputs = task_type.task_options, payload_inputs(task_type)
    payload, wrong_fields = payload_of(inputs, typed)
    options, wrong_options = options_of(typed, queues)
    overrides = cast("TaskOverrides", options)
    return EnqueueForm(
        task_type=task_type,
        id=typed.get("id", ""),
        fields=with_errors([each.form_field(typed) for each in inputs], wrong_fields),
        options=with_errors([each.form_field(own, typed, queues) for each in OPTIONS], wrong_options),
        is_direct=bool(typed.get("is_direct")),
        payload=payload,
        overrides=overrides,
        arguments=[] if wrong_options else arguments_of(typed),
        problem="" if wrong_options else _conflict(own, overrides),
    )


def _conflict(own: TaskOptions, overrides: TaskOverrides) -> str:
    """Why options that are valid one by one do not fit together."""
    try:
        own.override(overrides)
    except ValueError as error:
        return sentence(str(error))
    return ""
