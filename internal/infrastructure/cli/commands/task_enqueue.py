import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer

from internal.application.admin.enqueue_task import EnqueueTaskCommand
from internal.domain.errors import NotFound
from internal.infrastructure.cli.arguments.enqueue_options import (
    Deadline,
    Delay,
    Direct,
    Header,
    LimitKey,
    MaxRetries,
    MaxRunning,
    Name,
    Payload,
    ProcessAt,
    Queue,
    RateLimit,
    Retention,
    TaskId,
    Timeout,
    UniqueFor,
    UniqueKey,
    UniqueUntil,
)
from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.output.console import print_line, show_json
from internal.infrastructure.cli.output.failures import unknown_name
from internal.infrastructure.cli.run_with_tools import run
from internal.infrastructure.tasks.codec import UnknownTask
from internal.infrastructure.tasks.encoded_task import InvalidPayload
from internal.infrastructure.tasks.option_texts import parse_headers, parse_json
from internal.ports.task_inspector import QueueNotFound
from internal.ports.tasks import Task, TaskOverrides, TaskReceipt, TaskState


def enqueue_task(
    context: typer.Context,
    name: Name,
    *,
    payload: Payload = "{}",
    queue: Queue = None,
    task_id: TaskId = None,
    max_retries: MaxRetries = None,
    timeout: Timeout = None,
    deadline: Deadline = None,
    delay: Delay = None,
    process_at: ProcessAt = None,
    unique_for: UniqueFor = None,
    unique_key: UniqueKey = None,
    unique_until: UniqueUntil = None,
    retention: Retention = None,
    max_running: MaxRunning = None,
    rate: RateLimit = None,
    limit_key: LimitKey = None,
    header: Header = None,
    direct: Direct = False,
    as_json: AsJson = False,
) -> None:
    """Publish a task through the outbox, as a use case does.

    Each option overrides the task's own. Other users of this machine can see a
    payload on the command line, and the shell's history keeps it: prefer
    standard input. Only --direct reports a duplicate at once.

    Examples:
      python -m cmd.admin task enqueue email:welcome --payload - < ada.json
      python -m cmd.admin task enqueue email:welcome -q low --payload - < ada.json
    """
    request = _EnqueueRequest(
        name=name, fields=_fields(payload), overrides=_overrides(context.params, header), is_direct=direct
    )
    try:
        receipt = run(context, request.send)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error
    _show(receipt, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _EnqueueRequest:
    name: str
    fields: dict[str, Any]
    overrides: TaskOverrides
    is_direct: bool

    async def send(self, tools: Tools) -> TaskReceipt:
        task = _task(tools, self.name, self.fields)
        queue = self.overrides.get("queue")
        if queue is not None and queue not in tools.queues:
            raise QueueNotFound(unknown_name("queue", queue, tools.queues))
        return await tools.enqueue_task(
            EnqueueTaskCommand(
                audit=tools.audit, task=task, overrides=self.overrides, is_direct=self.is_direct
            )
        )


def _overrides(given: Mapping[str, Any], header: list[str] | None) -> TaskOverrides:
    """The options that have the name of a `TaskOverrides` key, and the headers."""
    values = {name: given.get(name) for name in TaskOverrides.__annotations__} | {"headers": _headers(header)}
    overrides: TaskOverrides = {name: value for name, value in values.items() if value is not None}  # type: ignore[assignment]  # the keys are its own
    return overrides


def _fields(text: str) -> dict[str, Any]:
    try:
        payload = parse_json(sys.stdin.read() if text == "-" else text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--payload'") from error
    if not isinstance(payload, dict):
        raise typer.BadParameter("Not a JSON object.", param_hint="'--payload'")
    return payload


def _headers(pairs: list[str] | None) -> dict[str, str] | None:
    if pairs is None:
        return None
    try:
        return parse_headers(pairs)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--header'") from error


def _task(tools: Tools, name: str, fields: dict[str, Any]) -> Task:
    try:
        return tools.codec.decode(name, fields)
    except UnknownTask as error:
        raise NotFound(unknown_name("task", name, tools.codec.names)) from error
    except InvalidPayload as error:
        raise typer.BadParameter(f"{error}.", param_hint="'--payload'") from error


def _show(receipt: TaskReceipt, *, as_json: bool) -> None:
    if as_json:
        facts = {"queue": receipt.queue, "state": receipt.state, "duplicate": receipt.duplicate}
        show_json({"id": receipt.id, **facts})
    elif receipt.duplicate:
        print_line(f"{receipt.id}: already {receipt.state} in {receipt.queue}; nothing was stored")
    elif receipt.state is TaskState.STORED:
        print_line(f"{receipt.id}: stored in the outbox for {receipt.queue}")
    else:
        print_line(f"{receipt.id}: {receipt.state} in {receipt.queue}")
