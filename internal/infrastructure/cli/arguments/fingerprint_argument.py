from typing import Annotated

import typer

from internal.infrastructure.cli.output.failures import unknown_name
from internal.ports.task_failures import FailureGroup, FailureGroupNotFound
from internal.ports.task_inspector import TaskInspector

Fingerprint = Annotated[
    str, typer.Argument(metavar="FINGERPRINT", help="Fingerprint of the group.", show_default=False)
]


async def group_of(inspector: TaskInspector, fingerprint: str) -> FailureGroup:
    """Raise FailureGroupNotFound with the fingerprints that there are."""
    try:
        return await inspector.failure(fingerprint)
    except FailureGroupNotFound as error:
        known = [group.failure.fingerprint for group in (await inspector.failures()).groups]
        raise FailureGroupNotFound(unknown_name("failure group", fingerprint, known)) from error
