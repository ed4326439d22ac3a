import re

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def is_request_id(text: str) -> bool:
    """Whether a caller's request id is well formed. It ends up in log lines."""
    return bool(_REQUEST_ID.fullmatch(text))
