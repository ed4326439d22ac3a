from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException

from internal.domain.errors import InvalidInput
from internal.infrastructure.http.json_decoding import UnreadableBody, decode_object, fields_of, misfits

_CHARSETS = {None, "utf-8", "utf8"}  # RFC 8259 section 8.1

# Fields that could not be read, and why. A route gets them through a parameter named `unreadable`.
Unreadable = Mapping[str, Sequence[str]]
_UNREADABLE = "unreadable"


class JsonRequest(Request[Any, Any, Any]):
    """Decodes the body itself, because the framework reports only the first wrong field."""

    unreadable: Unreadable

    async def json(self) -> msgspec.Struct:
        """The body as the struct that the route declares.

        A route with a parameter `unreadable` gets an empty string for each missing or mistyped field. It
        reports these fields together with its own, so that the client sees all problems at once.

        Raises:
            UnreadableBody: the body is not one JSON object.
            InvalidInput: names every field that is missing, unknown or of the wrong type.
        """
        handler = self.route_handler
        # The framework calls this only for routes with a body.
        data_field: Any = handler.parsed_data_field
        kind = data_field.annotation
        given = decode_object(await self.body())
        self.unreadable = misfits(given, kind)
        if self.unreadable and _UNREADABLE not in handler.parsed_fn_signature.parameters:
            raise InvalidInput(self.unreadable)
        fields = fields_of(kind).keys()
        blank = dict.fromkeys(fields & self.unreadable.keys(), "")
        readable = {name: value for name, value in given.items() if name in fields}
        body: msgspec.Struct = msgspec.convert(readable | blank, kind)
        return body


async def require_json(request: Request[Any, Any, Any]) -> None:
    """Refuse an empty body, and one that is not declared as JSON in UTF-8."""
    content_type, parameters = request.content_type
    charset = parameters.get("charset")
    if content_type != "application/json" or (charset.lower() if charset else None) not in _CHARSETS:
        raise HTTPException("The body must be application/json", status_code=415)
    if not await request.body():
        raise UnreadableBody("The body must be a JSON object")


async def provide_unreadable(request: JsonRequest) -> Unreadable:
    return request.unreadable
