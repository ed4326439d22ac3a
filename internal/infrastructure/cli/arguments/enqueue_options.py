"""What `task enqueue` takes; its options are those of `TaskOptions`."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from internal.infrastructure.cli.arguments.options import instant, span
from internal.infrastructure.cli.arguments.options import rate as rate_of
from internal.ports.tasks import Rate


class Until(StrEnum):
    DONE = "done"
    EXPIRY = "expiry"


Name = Annotated[str, typer.Argument(help="The task's name, such as email:welcome.", show_default=False)]
Payload = Annotated[str, typer.Option("--payload", help="A JSON object, or - for one on stdin.")]
Queue = Annotated[str | None, typer.Option("--queue", "-q", help="Another queue than the task's.")]
TaskId = Annotated[str | None, typer.Option("--id", help="An id; if a task has it, none is stored.")]
MaxRetries = Annotated[int | None, typer.Option(min=0, help="Attempts after the first.")]
Timeout = Annotated[
    timedelta | None,
    typer.Option(parser=span, metavar="SPAN", help="Limit of an attempt: 90s, 15m, 1h30m."),
]
Deadline = Annotated[
    datetime | None, typer.Option(parser=instant, metavar="TIME", help="Not started after it.")
]
Delay = Annotated[
    timedelta | None, typer.Option(parser=span, metavar="SPAN", help="Run no earlier than in this time.")
]
ProcessAt = Annotated[
    datetime | None,
    typer.Option(parser=instant, metavar="TIME", help="Run no earlier: 2030-01-31T09:00:00Z."),
]
UniqueFor = Annotated[
    timedelta | None,
    typer.Option(parser=span, metavar="SPAN", help="For so long, an equal task is a duplicate."),
]
UniqueKey = Annotated[str | None, typer.Option(help="What makes it equal: not the payload, but this.")]
UniqueUntil = Annotated[
    Until | None, typer.Option(help="Whether that is over when the task has ended, or lasts.")
]
Retention = Annotated[
    timedelta | None,
    typer.Option(parser=span, metavar="SPAN", help="Keep it so long when it is done, with its result."),
]
MaxRunning = Annotated[int | None, typer.Option(min=1, help="How many of it run at once.")]
RateLimit = Annotated[
    Rate | None,
    typer.Option(parser=rate_of, metavar="N/SPAN", help="How many of it start in a window: 10/1m."),
]
LimitKey = Annotated[str | None, typer.Option(help="Who shares these limits: not its name, but this.")]
Header = Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="May be repeated.")]
Direct = Annotated[
    bool, typer.Option("--direct", help="Straight to Redis, past the outbox, which a mail needs.")
]
