import base64
import json
import re

# Score and id: the place of a task among the tasks in its state.
Position = tuple[str, str]

_SCORE = re.compile(r"-?\d{1,17}(\.\d{1,17})?|inf")


def to_cursor(position: Position) -> str:
    """Encode a position as text that is safe in a URL and on a command line."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def from_cursor(cursor: str) -> Position:
    """Raise ValueError for a text that `to_cursor` cannot return."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        score, task_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if _SCORE.fullmatch(score):
            return score, str(task_id)
    except (ValueError, TypeError, RecursionError):
        pass
    raise ValueError(f"{cursor!r} is not a valid cursor")
