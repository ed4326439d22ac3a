"""The audit as a file. It has what the table holds: ids of users, and no addresses of theirs."""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC

from litestar.response import Stream

from internal.application.admin.list_audit import ListAudit, ListAuditCommand, ListedAudit
from internal.application.page_sizes import LARGEST_PAGE
from internal.ports.security_event_log import RecordedEvent

_COLUMNS = (
    "id",
    "occurred_at",
    "action",
    "result",
    "actor_id",
    "operator",
    "address",
    "user_agent",
    "request_id",
    "details",
)
# A spreadsheet would run a cell that begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


async def as_csv(list_audit: ListAudit, command: ListAuditCommand) -> Stream:
    """Raises what `list_audit` raises, before the answer begins."""
    first = await list_audit(_from_the_newest(command))
    return _file("csv", "text/csv", _csv_lines(_pages(list_audit, command, first)))


async def as_json(list_audit: ListAudit, command: ListAuditCommand) -> Stream:
    """Raises what `list_audit` raises, before the answer begins."""
    first = await list_audit(_from_the_newest(command))
    return _file("json", "application/json", _json_parts(_pages(list_audit, command, first)))


def _from_the_newest(command: ListAuditCommand) -> ListAuditCommand:
    return replace(command, size=LARGEST_PAGE, cursor=None)


def _file(kind: str, media_type: str, content: AsyncIterator[str]) -> Stream:
    headers = {"Content-Disposition": f'attachment; filename="audit.{kind}"'}
    return Stream(content, media_type=media_type, headers=headers)


async def _pages(
    list_audit: ListAudit, command: ListAuditCommand, first: ListedAudit
) -> AsyncIterator[Sequence[RecordedEvent]]:
    """Page by page, so that a long audit takes no more memory than a short one."""
    page = first
    yield [action.event for action in page.actions]
    while page.next is not None:
        page = await list_audit(replace(command, size=LARGEST_PAGE, cursor=page.next))
        yield [action.event for action in page.actions]


async def _csv_lines(pages: AsyncIterator[Sequence[RecordedEvent]]) -> AsyncIterator[str]:
    yield _rows([_COLUMNS])
    async for page in pages:
        yield _rows([[_defused(_text(value)) for value in _values(event).values()] for event in page])


async def _json_parts(pages: AsyncIterator[Sequence[RecordedEvent]]) -> AsyncIterator[str]:
    separator = "["
    async for page in pages:
        for event in page:
            yield f"{separator}\n{json.dumps(_values(event))}"
            separator = ","
    yield "[]\n" if separator == "[" else "\n]\n"


def _values(event: RecordedEvent) -> Mapping[str, object]:
    values = (
        event.id,
        event.occurred_at.astimezone(UTC).isoformat(),
        event.name,
        event.result.value,
        str(event.actor_id) if event.actor_id else None,
        event.operator,
        event.caller.address,
        event.caller.user_agent,
        event.caller.request_id,
        dict(event.details),
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _text(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _rows(rows: Sequence[Sequence[str]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()
