from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

from litestar import Litestar, Request
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp

from internal.infrastructure.http.auth.controller import AuthController
from internal.infrastructure.http.body_deadline import BodyDeadline
from internal.infrastructure.http.dependencies import provide_current_user
from internal.infrastructure.http.errors import EXCEPTION_HANDLERS
from internal.infrastructure.http.health import health, livez, readyz
from internal.infrastructure.http.middleware import RequestContext
from internal.infrastructure.http.users.controller import UsersController

MAX_BODY_SIZE = 64 * 1024  # bytes
_JSON_CHARSETS = {None, "utf-8", "utf8"}  # RFC 8259 section 8.1


def create_app(
    *,
    providers: Mapping[str, Callable[[], Any]],
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
    openapi: OpenAPIConfig | None,
    body_within: timedelta,
) -> ASGIApp:
    """The HTTP application. `providers` make what the handlers ask for by parameter name."""
    dependencies = {name: _provide(provider) for name, provider in providers.items()}
    app = Litestar(
        route_handlers=[AuthController, UsersController, health, livez, readyz],
        dependencies={**dependencies, "current_user": Provide(provide_current_user)},
        exception_handlers=dict(EXCEPTION_HANDLERS),
        before_request=require_json,
        request_max_body_size=MAX_BODY_SIZE,
        lifespan=[lifespan],
        openapi_config=openapi,
        logging_config=None,
    )
    return RequestContext(BodyDeadline(app, within=body_within))


def _provide(provider: Callable[[], Any]) -> Provide:
    # Litestar reads the signature of what it is given, and the container's providers have none.
    return Provide(lambda: provider(), sync_to_thread=False)  # noqa: PLW0108 - see above


async def require_json(request: Request[Any, Any, Any]) -> None:
    """Refuse a body that is not declared as JSON in UTF-8, where the handler takes one."""
    if request.route_handler.parsed_data_field is None:
        return
    content_type, parameters = request.content_type
    charset = parameters.get("charset")
    if content_type != "application/json" or (charset.lower() if charset else None) not in _JSON_CHARSETS:
        raise HTTPException("The body must be application/json", status_code=415)
