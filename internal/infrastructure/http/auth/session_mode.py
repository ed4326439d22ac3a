from typing import Annotated

from litestar.params import HeaderParameter

from internal.domain.errors import InvalidInput

_NAME = "X-Session-Mode"
_COOKIE = "cookie"

# The framework's errors would name the variable, not the header.
SessionMode = Annotated[
    str | None,
    HeaderParameter(
        name=_NAME,
        required=False,
        description="With `cookie`, the answer sets the tokens as cookies, and its body has `csrf_token`.",
        enum=[_COOKIE],
    ),
]


def wants_cookies(mode: str | None) -> bool:
    """Whether the client asks for cookies and no tokens in the body. Raises InvalidInput."""
    if mode not in {None, _COOKIE}:
        raise InvalidInput({_NAME: [f"must be {_COOKIE}"]})
    return mode == _COOKIE
