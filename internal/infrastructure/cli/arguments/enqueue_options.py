"""The arguments of `task enqueue`: one option for each field of `TaskOptions`."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from internal.infrastructure.cli.arguments.options import parse_duration, parse_rate, parse_time
from internal.ports.tasks import Rate


class Until(StrEnum):
    DONE = "done"
    EXPIRY = "expiry"


Name = Annotated[str, typer.Argument(help="Name of the task, for example email:welcome.", show_default=False)]
Payload = Annotated[
    str, typer.Option("--payload", help="A JSON object, or - to read it from standard input.")
]
Queue = Annotated[str | None, typer.Option("--queue", "-q", help="Use this queue instead of the task's own.")]
TaskId = Annotated[
    str | None, typer.Option("--id", help="Use this id. Nothing is stored if a task has it already.")
]
MaxRetries = Annotated[int | None, typer.Option(min=0, help="Attempts after the first one.")]
Timeout = Annotated[
    timedelta | None,
    typer.Option(
        parser=parse_duration, metavar="DURATION", help="Time limit of one attempt: 90s, 15m, 1h30m."
    ),
]
Deadline = Annotated[
    datetime | None,
    typer.Option(parser=parse_time, metavar="TIME", help="Do not start the task after this time."),
]
Delay = Annotated[
    timedelta | None,
    typer.Option(parser=parse_duration, metavar="DURATION", help="Wait this long before the first attempt."),
]
ProcessAt = Annotated[
    datetime | None,
    typer.Option(
        parser=parse_time,
        metavar="TIME",
        help="Do not start the task before this time: 2030-01-31T09:00:00Z.",
    ),
]
UniqueFor = Annotated[
    timedelta | None,
    typer.Option(
        parser=parse_duration, metavar="DURATION", help="Treat equal tasks as duplicates for this long."
    ),
]
UniqueKey = Annotated[
    str | None, typer.Option(help="Tasks with this key are equal, whatever their payloads.")
]
UniqueUntil = Annotated[
    Until | None, typer.Option(help="Allow an equal task once this one is done, or only at expiry.")
]
Retention = Annotated[
    timedelta | None,
    typer.Option(
        parser=parse_duration,
        metavar="DURATION",
        help="Keep the completed task and its result for this long.",
    ),
]
MaxRunning = Annotated[
    int | None, typer.Option(min=1, help="Maximum number of tasks with this name that run at once.")
]
RateLimit = Annotated[
    Rate | None,
    typer.Option(
        parser=parse_rate, metavar="N/DURATION", help="Maximum number of starts in a time window: 10/1m."
    ),
]
LimitKey = Annotated[
    str | None, typer.Option(help="Tasks with this key share the limits, whatever their names.")
]
Header = Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="A header. Can be repeated.")]
Direct = Annotated[
    bool, typer.Option("--direct", help="Enqueue to Redis without the outbox. Emails need the outbox.")
]
