import base64
import json
import re

Position = tuple[str, str]  # of a task among those of its state: its score, and its id

_SCORE = re.compile(r"-?\d{1,17}(\.\d{1,17})?|inf")


def to_cursor(position: Position) -> str:
    """Text that stands in a URL and on a command line as it is."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def from_cursor(cursor: str) -> Position:
    """Raise ValueError for what is no cursor of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        score, task_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if _SCORE.fullmatch(score):
            return score, str(task_id)
    except (ValueError, TypeError, RecursionError):
        pass
    raise ValueError(f"{cursor!r} is no cursor of a page")
