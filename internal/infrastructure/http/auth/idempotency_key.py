import re
from typing import Annotated, Any

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.params import HeaderParameter

# A string of RFC 9651, which the draft wants, or the same without its quotes, which many clients send.
_KEY = re.compile(r'(?P<quote>"?)(?P<key>[!#-\[\]-~]{1,255})(?P=quote)')

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        required=False,
        description=(
            "Chosen by the client for a sign-up, such as a UUID: 1 to 255 visible ASCII characters but quotes"
            " and backslashes, in double quotes or not. For 24 hours the same request with the same key is"
            " answered with the same user and is not carried out again."
        ),
    ),
]


def parse_idempotency_key(request: Request[Any, Any, Any], given: str | None) -> str | None:
    """The key that was given, without its quotes (draft-ietf-httpapi-idempotency-key-header).

    Raises:
        HTTPException: 400: the key is malformed, or there are several.
    """
    if given is None:
        return None
    is_one = len(request.headers.getall("idempotency-key")) == 1
    if not is_one or not (match := _KEY.fullmatch(given)):
        raise HTTPException("The Idempotency-Key cannot be used", status_code=400)
    return match["key"]
