from collections.abc import Mapping, Sequence

from internal.infrastructure import humanize
from internal.ports.task_snapshots import Neighbour, Neighbours


def neighbour_texts(found: Neighbours | None) -> Mapping[str, str | None]:
    """The tasks around a task, by the names of their fields."""
    if found is None:
        return {}
    group = found.group
    return {
        "follows": _text(found.follows) if found.follows else _group(found.follows_group),
        "group": f"{group.id}, {humanize.count(group.done)} of {humanize.count(group.size)} done"
        if group
        else None,
        "on success": _texts(found.on_success),
        "on failure": _texts(found.on_failure),
    }


def _group(group: str | None) -> str | None:
    return f"group {group}" if group else None


def _texts(tasks: Sequence[Neighbour]) -> str | None:
    return ", ".join(map(_text, tasks)) or None


def _text(task: Neighbour) -> str:
    place = f"{task.queue} {task.id}"
    return f"{task.name} ({place})" if task.name else place
