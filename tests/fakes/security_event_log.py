import re

from internal.domain.security_event import ON_TASKS
from internal.ports.cursors import InvalidCursor
from internal.ports.security_event_log import EventFilter, EventPage, RecordedEvent


class FakeSecurityEventLog:
    """Lists `recorded`. A cursor is the place of the last event of a page."""

    def __init__(self) -> None:
        self.recorded: list[RecordedEvent] = []

    async def page(self, wanted: EventFilter, *, size: int, cursor: str | None = None) -> EventPage:
        after = None if cursor is None else _place_of(cursor)
        fitting = [
            event
            for event in sorted(self.recorded, key=_place, reverse=True)
            if _fits(event, wanted) and (after is None or _place(event) < after)
        ]
        more = len(fitting) > size
        return EventPage(events=fitting[:size], next=_to_cursor(fitting[size - 1]) if more else None)


def _place(event: RecordedEvent) -> tuple[int, int]:
    return int(event.occurred_at.timestamp() * 1_000_000), event.id


def _to_cursor(event: RecordedEvent) -> str:
    return "-".join(map(str, _place(event)))


def _place_of(cursor: str) -> tuple[int, int]:
    match = re.fullmatch("([0-9]{1,17})-([0-9]{1,18})", cursor)
    if match is None:
        raise InvalidCursor
    return int(match[1]), int(match[2])


def _fits(event: RecordedEvent, wanted: EventFilter) -> bool:
    return (
        (not wanted.only_on_tasks or event.name.startswith(ON_TASKS))
        and wanted.name in {None, event.name}
        and wanted.result in {None, event.result}
        and wanted.actor_id in {None, event.actor_id}
        and wanted.operator in {None, event.operator}
        and wanted.subject_id in {None, event.subject_id}
        and (wanted.since is None or event.occurred_at >= wanted.since)
        and (wanted.until is None or event.occurred_at < wanted.until)
    )
