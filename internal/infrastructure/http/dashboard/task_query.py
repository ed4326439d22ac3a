"""Which tasks a list shows. All of it is in the address, so that a list can be shared and bookmarked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from internal.infrastructure.http.dashboard.utc_time import utc_time
from internal.ports.task_inspector import APPLIES_TO, TaskAction, TaskFilter
from internal.ports.tasks import TaskState

STATES = tuple(state for state in TaskState if state is not TaskState.STORED)
SIZES = (30, 50, 100)
SPANS: Mapping[str, tuple[str, timedelta]] = {
    "15m": ("last 15 minutes", timedelta(minutes=15)),
    "1h": ("last hour", timedelta(hours=1)),
    "24h": ("last 24 hours", timedelta(days=1)),
    "7d": ("last 7 days", timedelta(days=7)),
}
LONGEST_TEXT = 200
LARGEST = 10**12

_PATH = "/dashboard/tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """A list of the tasks of one queue.

    state: None for all states.
    last: a key of SPANS.
    since, until: times in UTC, as browsers write them.
    seen, found: how many tasks the pages before this one looked at, and how many of them matched.
    """

    queue: str
    state: TaskState | None = None
    name: str = ""
    error: str = ""
    payload: str = ""
    last: str = ""
    since: str = ""
    until: str = ""
    order: str = "newest"
    size: int = SIZES[0]
    cursor: str = ""
    seen: int = 0
    found: int = 0

    @classmethod
    def of(cls, given: Mapping[str, str], *, queue: str, may_search_payloads: bool) -> Self:
        """What the address asks for. What it does not know is left out."""
        size, state = _number(given.get("size", "")), given.get("state")
        return cls(
            queue=given.get("queue") or queue,
            state=TaskState(state) if state in STATES else None,
            name=given.get("name", "").strip()[:LONGEST_TEXT],
            error=given.get("error", "").strip()[:LONGEST_TEXT],
            payload=given.get("payload", "").strip()[:LONGEST_TEXT] if may_search_payloads else "",
            last=given["last"] if given.get("last") in SPANS else "",
            since=_time(given.get("since", "")),
            until=_time(given.get("until", "")),
            order="oldest" if given.get("order") == "oldest" else "newest",
            size=size if size in SIZES else SIZES[0],
            cursor=given.get("cursor", ""),
            seen=_number(given.get("seen", "")),
            found=_number(given.get("found", "")),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.chips)

    @property
    def chips(self) -> Mapping[str, tuple[str, str]]:
        """The filters by the name of their field: a label and what is sought."""
        span = SPANS[self.last][0] if self.last else ""
        labels = {
            "name": ("Name is", self.name),
            "error": ("Error has", self.error),
            "payload": ("Payload has", self.payload),
            "last": ("In the", span),
            "since": ("From", _shown(self.since)),
            "until": ("Before", _shown(self.until)),
        }
        return {name: chip for name, chip in labels.items() if chip[1]}

    def ignores(self, given: Mapping[str, str]) -> Sequence[str]:
        """The filters that were given and that this does not have as they are, because they are malformed."""
        texts = [name for name in ("name", "error", "payload") if given.get(name, "").strip() != self[name]]
        return texts + [name for name in ("last", "since", "until") if given.get(name) and not self[name]]

    def __getitem__(self, name: str) -> str:
        return str(getattr(self, name))

    def only(self, now: datetime) -> TaskFilter | None:
        wanted = TaskFilter(
            name=self.name or None,
            payload=self.payload or None,
            error=self.error or None,
            since=self._since(now),
            until=utc_time(self.until) if self.until else None,
        )
        return None if wanted.is_empty else wanted

    def at(self, now: datetime) -> Self:
        """The same with times that do not move with the clock."""
        since = self._since(now)
        return replace(self, last="", since=_written(since) if since else "")

    @property
    def actions(self) -> Sequence[TaskAction]:
        """The actions that apply to the state; without a state, all."""
        return [action for action in TaskAction if self.state is None or self.state in APPLIES_TO[action]]

    def first(self, **changes: Any) -> str:
        """The address of the first page, with these changes."""
        return self.address(**{"cursor": "", "seen": 0, "found": 0, **changes})

    def _since(self, now: datetime) -> datetime | None:
        given = [utc_time(self.since)] if self.since else []
        return max([*given, *([now - SPANS[self.last][1]] if self.last else [])], default=None)

    def address(self, *, path: str = _PATH, action: TaskAction | None = None, **changes: Any) -> str:
        changed, plain = replace(self, **changes), type(self)(queue="")
        fields = {name: getattr(changed, name) for name in self.__slots__}
        query = {name: value for name, value in fields.items() if value != getattr(plain, name)}
        return f"{path}?{urlencode({**query, 'action': action} if action else query)}"


def _time(text: str) -> str:
    try:
        return _written(utc_time(text))
    except ValueError:
        return ""


def _shown(time: str) -> str:
    return time.replace("T", " ").removesuffix(":00")


def _written(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat(timespec="seconds")


def _number(text: str) -> int:
    return min(int(text), LARGEST) if text.isascii() and text.isdigit() and len(text) < 20 else 0  # noqa: PLR2004
