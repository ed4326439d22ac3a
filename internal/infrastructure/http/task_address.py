"""The address of a task's page. An id may be any text."""

from urllib.parse import quote, unquote


def task_address(queue: str, task_id: str) -> str:
    """The id is encoded twice: servers decode a path before they split it, and browsers resolve its dots."""
    once = quote(task_id, safe="").replace(".", "%2E")
    return f"/dashboard/tasks/{quote(queue, safe='')}/{quote(once, safe='')}"


def task_id_of(segment: str) -> str:
    """The id in a segment of a decoded path."""
    return unquote(segment)
