import json
import sys
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from internal.domain.errors import NotFound
from internal.infrastructure.admin.failures import no_such
from internal.infrastructure.admin.installation import Tools
from internal.infrastructure.admin.options import AsJson, instant, span
from internal.infrastructure.admin.options import rate as rate_of
from internal.infrastructure.admin.screen import say, show_json
from internal.infrastructure.admin.session import run
from internal.infrastructure.task_codec import InvalidPayload, UnknownTask
from internal.ports.task_inspector import QueueNotFound
from internal.ports.tasks import Rate, Task, TaskOverrides, TaskReceipt, TaskState


def enqueue_task(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The task's name, such as email:welcome.", show_default=False)],
    *,
    payload: Annotated[str, typer.Option("--payload", help="A JSON object, or - for one on stdin.")] = "{}",
    queue: Annotated[str | None, typer.Option("--queue", "-q", help="Another queue than the task's.")] = None,
    task_id: Annotated[
        str | None, typer.Option("--id", help="An id; if a task has it, none is stored.")
    ] = None,
    max_retries: Annotated[int | None, typer.Option(min=0, help="Attempts after the first.")] = None,
    timeout: Annotated[
        timedelta | None,
        typer.Option(parser=span, metavar="SPAN", help="Limit of an attempt: 90s, 15m, 1h30m."),
    ] = None,
    deadline: Annotated[
        datetime | None, typer.Option(parser=instant, metavar="TIME", help="Not started after it.")
    ] = None,
    delay: Annotated[
        timedelta | None, typer.Option(parser=span, metavar="SPAN", help="Run no earlier than in this time.")
    ] = None,
    process_at: Annotated[
        datetime | None,
        typer.Option(parser=instant, metavar="TIME", help="Run no earlier: 2030-01-31T09:00:00Z."),
    ] = None,
    unique_for: Annotated[
        timedelta | None,
        typer.Option(parser=span, metavar="SPAN", help="For so long, an equal task is a duplicate."),
    ] = None,
    unique_key: Annotated[
        str | None, typer.Option(help="What makes it equal: not the payload, but this.")
    ] = None,
    retention: Annotated[
        timedelta | None,
        typer.Option(parser=span, metavar="SPAN", help="Keep it so long when it is done, with its result."),
    ] = None,
    max_running: Annotated[int | None, typer.Option(min=1, help="How many of it run at once.")] = None,
    rate: Annotated[
        Rate | None,
        typer.Option(parser=rate_of, metavar="N/SPAN", help="How many of it start in a window: 10/1m."),
    ] = None,
    limit_key: Annotated[
        str | None, typer.Option(help="Who shares these limits: not its name, but this.")
    ] = None,
    header: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="May be repeated.")] = None,
    direct: Annotated[
        bool, typer.Option("--direct", help="Straight to Redis, past the outbox, which a mail needs.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish a task, as a use case does: through the outbox.

    What is not said is as the task's own options have it. A payload on the
    command line can be seen by others on this machine, and stays in the
    shell's history. Only --direct tells at once of a duplicate.

    Examples:
      python -m cmd.admin task enqueue email:welcome --payload - < ada.json
      python -m cmd.admin task enqueue email:welcome -q low --payload - < ada.json
    """
    overrides: dict[str, Any] = {
        "queue": queue,
        "task_id": task_id,
        "max_retries": max_retries,
        "timeout": timeout,
        "deadline": deadline,
        "delay": delay,
        "process_at": process_at,
        "unique_for": unique_for,
        "unique_key": unique_key,
        "retention": retention,
        "max_running": max_running,
        "rate": rate,
        "limit_key": limit_key,
        "headers": _headers(header),
    }
    fields = _fields(payload)
    given: TaskOverrides = {key: value for key, value in overrides.items() if value is not None}  # type: ignore[assignment]  # as named above

    async def publish(tools: Tools) -> TaskReceipt:
        task = _task(tools, name, fields)
        if queue is not None and queue not in tools.queues:
            raise QueueNotFound(no_such("queue", queue, tools.queues))
        if direct:
            return await tools.publisher.publish(task, **given)
        async with tools.unit_of_work() as uow:
            receipt = await uow.tasks.publish(task, **given)
            await uow.commit()
        return receipt

    try:
        receipt = run(context, publish)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error
    _show(receipt, as_json=as_json)


def _fields(text: str) -> dict[str, Any]:
    try:
        payload = json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError as error:
        raise typer.BadParameter(f"It is no JSON: {error}.", param_hint="'--payload'") from error
    if not isinstance(payload, dict):
        raise typer.BadParameter("It is no JSON object.", param_hint="'--payload'")
    return payload


def _headers(pairs: list[str] | None) -> dict[str, str] | None:
    if pairs is None:
        return None
    split = [pair.partition("=") for pair in pairs]
    for key, equals, _ in split:
        if not (key and equals):
            raise typer.BadParameter("It is no KEY=VALUE.", param_hint="'--header'")
    return {key: value for key, _, value in split}


def _task(tools: Tools, name: str, fields: dict[str, Any]) -> Task:
    try:
        return tools.codec.decode(name, fields)
    except UnknownTask as error:
        raise NotFound(no_such("task", name, tools.codec.names)) from error
    except InvalidPayload as error:
        raise typer.BadParameter(f"{error}.", param_hint="'--payload'") from error


def _show(receipt: TaskReceipt, *, as_json: bool) -> None:
    if as_json:
        facts = {"queue": receipt.queue, "state": receipt.state, "duplicate": receipt.duplicate}
        show_json({"id": receipt.id, **facts})
    elif receipt.duplicate:
        say(f"{receipt.id}: there is such a task, {receipt.state} in {receipt.queue}; nothing was stored")
    elif receipt.state is TaskState.STORED:
        say(f"{receipt.id}: stored in the outbox, on its way to {receipt.queue}")
    else:
        say(f"{receipt.id}: {receipt.state} in {receipt.queue}")
