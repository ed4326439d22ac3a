"""`task names`: the tasks that can be published, and their payloads."""

import json
from collections.abc import Mapping, Sequence

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.output import json_output
from internal.infrastructure.cli.output.console import show_json, show_table
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.cli.run_with_tools import installation_of
from internal.infrastructure.tasks.payload_fields import PayloadField, payload_fields

_COLUMNS = (Column("TASK"), Column("FIELD"), Column("TYPE", is_text=True), Column("DEFAULT", is_text=True))


def list_names(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the tasks that can be published, with the fields of their payloads.

    Works without Redis and Postgres.

    Examples:
      python -m cmd.admin task names
      python -m cmd.admin task names --json
    """
    task_types = installation_of(context).task_types()
    found = {task_type.task_name: payload_fields(task_type) for task_type in task_types}
    in_order = dict(sorted(found.items()))
    if as_json:
        show_json({"tasks": [json_output.task_name(name, fields) for name, fields in in_order.items()]})
    else:
        show_table(_COLUMNS, _rows(in_order), empty="There are no tasks.")


def _rows(found: Mapping[str, Sequence[PayloadField]]) -> list[list[str]]:
    """One row per field. A task without fields gets one row."""
    nothing = [humanize.NOTHING] * 3
    return [
        [name, *cells]
        for name, fields in found.items()
        for cells in [[field.name, field.type, _default(field)] for field in fields] or [nothing]
    ]


def _default(field: PayloadField) -> str:
    return "required" if field.is_required else json.dumps(field.default, ensure_ascii=False)
