import re

# The draft requires a quoted string (RFC 9651). Many clients send it without quotes.
_KEY = re.compile(r'(?P<quote>"?)(?P<key>[!#-\[\]-~]{1,255})(?P=quote)')


def parse_key(text: str) -> str | None:
    """The key without its quotes (draft-ietf-httpapi-idempotency-key-header), or None if it is malformed."""
    match = _KEY.fullmatch(text)
    return match["key"] if match else None
