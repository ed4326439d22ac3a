from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.ports.tasks import TaskOptions
from tests.support.operator_terminal import Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    task_name: ClassVar[str] = "report:build"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    account: UUID
    pages: int = 10
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    task_name: ClassVar[str] = "clock:tick"
    task_options: ClassVar[TaskOptions] = TaskOptions()


def test_lists_each_field_with_its_type_and_default(operator: Operator) -> None:
    operator.installation.tasks = [BuildReport, Tick]

    shown = operator.does("task", "names").stdout.splitlines()

    assert [line.split() for line in shown] == [
        ["TASK", "FIELD", "TYPE", "DEFAULT"],
        ["clock:tick", "-", "-", "-"],
        ["report:build", "account", "UUID", "required"],
        ["report:build", "pages", "int", "10"],
        ["report:build", "tags", "list[str]", "[]"],
    ]


def test_a_script_reads_the_fields(operator: Operator) -> None:
    operator.installation.tasks = [BuildReport, Tick]

    tick, report = operator.reads("task", "names")["tasks"]

    assert tick == {"name": "clock:tick", "fields": []}
    assert report["fields"][:2] == [
        {"name": "account", "type": "UUID", "is_required": True, "default": None},
        {"name": "pages", "type": "int", "is_required": False, "default": 10},
    ]


def test_needs_no_services(operator: Operator) -> None:
    operator.installation.is_away = True

    [welcome] = operator.reads("task", "names")["tasks"]

    assert welcome["name"] == SendWelcomeEmail.task_name
    assert [field["name"] for field in welcome["fields"]] == ["user_id"]


def test_names_fit_a_narrow_terminal(operator: Operator) -> None:
    lines = operator.does("task", "names", columns=60).stdout.splitlines()

    assert max(map(len, lines)) <= 60
