"""Which tasks a list shows. All of it is in the address, so that a list can be shared and bookmarked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from internal.ports.task_inspector import APPLIES_TO, TaskAction, TaskFilter
from internal.ports.tasks import TaskState

STATES = tuple(state for state in TaskState if state is not TaskState.STORED)
SIZES = (30, 50, 100)
LONGEST_TEXT = 200
LARGEST = 10**12

_PATH = "/dashboard/tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """A list of the tasks of one queue.

    state: None for all states.
    seen, found: how many tasks the pages before this one looked at, and how many of them matched.
    """

    queue: str
    state: TaskState | None = None
    name: str = ""
    error: str = ""
    payload: str = ""
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
            order="oldest" if given.get("order") == "oldest" else "newest",
            size=size if size in SIZES else SIZES[0],
            cursor=given.get("cursor", ""),
            seen=_number(given.get("seen", "")),
            found=_number(given.get("found", "")),
        )

    @property
    def only(self) -> TaskFilter | None:
        wanted = TaskFilter(name=self.name or None, payload=self.payload or None, error=self.error or None)
        return None if wanted.is_empty else wanted

    @property
    def actions(self) -> Sequence[TaskAction]:
        """The actions that apply to the state; without a state, all."""
        return [action for action in TaskAction if self.state is None or self.state in APPLIES_TO[action]]

    def first(self, **changes: Any) -> str:
        """The address of the first page, with these changes."""
        return self.address(**{"cursor": "", "seen": 0, "found": 0, **changes})

    def address(self, *, path: str = _PATH, action: TaskAction | None = None, **changes: Any) -> str:
        changed, plain = replace(self, **changes), type(self)(queue="")
        fields = {name: getattr(changed, name) for name in self.__slots__}
        query = {name: value for name, value in fields.items() if value != getattr(plain, name)}
        return f"{path}?{urlencode({**query, 'action': action} if action else query)}"


def _number(text: str) -> int:
    return min(int(text), LARGEST) if text.isascii() and text.isdigit() and len(text) < 20 else 0  # noqa: PLR2004
