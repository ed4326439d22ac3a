from typing import Annotated, Any

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.params import HeaderParameter

from internal.infrastructure.inbound.idempotency_keys import MalformedKey, key_of

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        required=False,
        description=(
            "The client's key for a sign-up, such as a UUID: 1 to 255 visible ASCII characters except quotes"
            " and backslashes, with or without double quotes. For 24 hours, repeating the request with the"
            " same key returns the same user and does not sign up again."
        ),
    ),
]


def parse_idempotency_key(request: Request[Any, Any, Any], given: str | None) -> str | None:
    """Raises HTTPException: 400 if the key is malformed or there are several."""
    if given is None:
        return None
    try:
        return key_of(request.headers.getall("idempotency-key"))
    except MalformedKey as error:
        raise HTTPException(str(error), status_code=400) from error
