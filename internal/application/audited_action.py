from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from internal.application.audit import DONE, INTERRUPTED, REFUSED, UNFINISHED
from internal.domain.security_event import ON_TASKS, EventName
from internal.ports.security_event_log import RecordedEvent

# Facts that are not about what the action was done to.
_OF_THE_RESULT = {"outcome", "changed", "done", "refused", "refused_ids", "ids", "tasks"}

_FIRST = {"queue", "state"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedAction:
    """What an operator did to tasks, for people. `actor` is an address, an id, or `cli:<os user>@<host>`."""

    event: RecordedEvent
    actor: str

    @property
    def action(self) -> str:
        return action_name(self.event.name)

    @property
    def targets(self) -> Mapping[str, str]:
        """The queue, the state, the filter. The store has no order of them."""
        names = sorted(
            self.event.details.keys() - _OF_THE_RESULT, key=lambda name: (name not in _FIRST, name)
        )
        return {name: self.event.details[name] for name in names}

    @property
    def task_ids(self) -> Sequence[str]:
        """At most the first hundred."""
        return self.event.details.get("ids", "").split()

    @property
    def tasks(self) -> int:
        """The number of tasks that were named by their ids."""
        return _number(self.event.details.get("tasks"))

    @property
    def refused_ids(self) -> Sequence[str]:
        return self.event.details.get("refused_ids", "").split()

    @property
    def is_open(self) -> bool:
        """Whether it has no result: it still runs, or its process died."""
        return self.event.details.get("outcome", UNFINISHED) == UNFINISHED

    @property
    def outcome(self) -> str:
        """For example: done, 3 done and 2 refused, nothing to change, QUEUE_NOT_FOUND."""
        details = self.event.details
        word = details.get("outcome", UNFINISHED)
        if word in {DONE, REFUSED, INTERRUPTED} and "done" in details:
            counts = f"{_number(details['done']):,} done"
            if refused := _number(details.get("refused")):
                counts += f", {refused:,} refused"
            return f"{word}: {counts}" if word == INTERRUPTED else counts
        if word == DONE and details.get("changed") == "no":
            return "nothing to change"
        return "no result" if word == UNFINISHED else word


def action_name(event_name: str) -> str:
    return event_name.removeprefix(ON_TASKS).replace("_", " ")


# By the words that filters use, such as pause-queue.
ACTIONS: Mapping[str, EventName] = {
    action_name(name).replace(" ", "-"): name for name in EventName if name.is_on_tasks
}


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
