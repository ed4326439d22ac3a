from typing import Any

from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from internal.infrastructure.http.json_request import require_json
from internal.infrastructure.http.session_cookies import keep_csrf_token


def takes_form(handler: BaseRouteHandler) -> bool:
    """Whether the body of the route is an HTML form, as browsers send it."""
    field = getattr(handler, "parsed_data_field", None)
    media_type = getattr(field.kwarg_definition, "media_type", None) if field else None
    return media_type is RequestEncodingType.URL_ENCODED


async def _require_form(request: Request[Any, Any, Any]) -> None:
    """Read the form, and keep its CSRF token for the check of the caller."""
    content_type, _ = request.content_type
    if content_type != RequestEncodingType.URL_ENCODED:
        raise HTTPException(f"The body must be {RequestEncodingType.URL_ENCODED.value}", status_code=415)
    keep_csrf_token(request, (await request.form()).get("csrf_token"))


async def require_body(request: Request[Any, Any, Any]) -> None:
    """If the route takes a body, refuse one of another kind."""
    handler = request.route_handler
    if handler.parsed_data_field is None:
        return
    if takes_form(handler):
        await _require_form(request)
    else:
        await require_json(request)
