import re
from collections.abc import Sequence

# The draft requires a quoted string (RFC 9651). Many clients send it without quotes.
_KEY = re.compile(r'(?P<quote>"?)(?P<key>[!#-\[\]-~]{1,255})(?P=quote)')


class MalformedKey(ValueError):
    def __init__(self) -> None:
        super().__init__("The Idempotency-Key cannot be used")


def key_of(given: Sequence[str]) -> str | None:
    """The key of a request without its quotes (draft-ietf-httpapi-idempotency-key-header).

    Raises:
        MalformedKey: the key is malformed, or there are several.
    """
    if not given:
        return None
    match = _KEY.fullmatch(given[0])
    if match is None or len(given) > 1:
        raise MalformedKey
    return match["key"]
