from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

from litestar import Litestar, Request
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, ControllerRouterHandler

from internal.infrastructure.config.trusted_proxies import Network
from internal.infrastructure.http.access import AccessGuard, provide_principal, require_declarations
from internal.infrastructure.http.admin.actions_controller import AdminActionsController
from internal.infrastructure.http.admin.controller import AdminUsersController
from internal.infrastructure.http.admin.security_events_controller import SecurityEventsController
from internal.infrastructure.http.allowed_methods import AllowedMethods
from internal.infrastructure.http.api_document.document import ApiDocument, ApiName
from internal.infrastructure.http.auth.controller import AuthController
from internal.infrastructure.http.auth.email_controller import EmailController
from internal.infrastructure.http.auth.oauth_controller import OAuthController
from internal.infrastructure.http.auth.password_controller import PasswordController
from internal.infrastructure.http.auth.sessions_controller import AuthSessionsController
from internal.infrastructure.http.body_kind import require_body
from internal.infrastructure.http.caller import Callers
from internal.infrastructure.http.cors import Cors
from internal.infrastructure.http.dashboard.router import dashboard_router
from internal.infrastructure.http.dependencies import resolve_in_turn
from internal.infrastructure.http.errors import EXCEPTION_HANDLERS
from internal.infrastructure.http.head_requests import HeadAsGet
from internal.infrastructure.http.health import health, livez, readyz
from internal.infrastructure.http.json_request import JsonRequest, provide_unreadable
from internal.infrastructure.http.public_keys import jwks
from internal.infrastructure.http.request_body import RequestBody
from internal.infrastructure.http.request_context import RequestContext
from internal.infrastructure.http.swagger.controller import SwaggerController
from internal.infrastructure.http.users.controller import UsersController
from internal.infrastructure.http.users.credentials_controller import CredentialsController
from internal.infrastructure.http.users.export_controller import ExportController
from internal.infrastructure.http.users.security_events_controller import OwnSecurityEventsController
from internal.infrastructure.http.users.sessions_controller import SessionsController
from internal.infrastructure.http.web.assets import Assets, asset
from internal.infrastructure.http.web.errors import not_found
from internal.infrastructure.http.web.page import template_config
from internal.infrastructure.http.web.router import web_router
from internal.infrastructure.http.web.website import Website

MAX_BODY_SIZE = 64 * 1024  # bytes

_ROUTES: Sequence[ControllerRouterHandler] = (
    AuthController,
    AuthSessionsController,
    OAuthController,
    EmailController,
    UsersController,
    SessionsController,
    PasswordController,
    CredentialsController,
    AdminUsersController,
    AdminActionsController,
    OwnSecurityEventsController,
    ExportController,
    SecurityEventsController,
    health,
    jwks,
    livez,
    readyz,
)


def create_app(
    *,
    providers: Mapping[str, Callable[[], Any]],
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
    api: ApiName | None,
    website: Website,
    body_within: timedelta,
    origins: frozenset[str],
    trusted_proxies: Collection[Network],
    is_https_only: bool,
) -> ASGIApp:
    """The HTTP application. `providers` build the handlers' dependencies, by parameter name.

    With `api`, it also serves the API page. Pages of other sites that are in `origins` may call it.
    `trusted_proxies` may say for whom they call. With `is_https_only`, browsers are told to use HTTPS from
    then on.
    """
    callers = Callers(trusted=trusted_proxies)
    assets = Assets.read()
    dependencies = _dependencies(providers, callers, assets=assets, website=website)
    if api:
        document = ApiDocument(_ROUTES, dependencies=dependencies, name=api)
        dependencies["api_document"] = _provide(lambda: document)
    guard = _guard_of(providers, callers)

    async def before_request(request: Request[Any, Any, Any]) -> None:
        await require_body(request)
        await guard.check_again(request)

    pages = [web_router(providers=providers, callers=callers, website=website)]
    if website.has_dashboard:
        pages.append(dashboard_router(providers=providers, callers=callers))
    app = Litestar(
        route_handlers=[*_ROUTES, *([SwaggerController] if api else []), asset, *pages],
        dependencies=dependencies,
        guards=[guard],
        request_class=JsonRequest,
        exception_handlers={**EXCEPTION_HANDLERS, NotFoundException: not_found},
        template_config=template_config(website, assets),
        before_request=before_request,
        request_max_body_size=MAX_BODY_SIZE,
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
    )
    require_declarations(app)
    resolve_in_turn(app)
    inner = Cors(app, origins=origins) if origins else app
    return _with_layers(app, RequestBody(inner, within=body_within), is_https_only=is_https_only)


def _with_layers(app: Litestar, inner: ASGIApp, *, is_https_only: bool) -> ASGIApp:
    """The layers that also see what the application does not route."""
    methods = {route.path_format: route.methods for route in app.routes if isinstance(route, HTTPRoute)}
    return RequestContext(
        HeadAsGet(AllowedMethods(inner, methods=methods)),
        routes=[route.path for route in app.routes],
        is_https_only=is_https_only,
    )


def _dependencies(
    providers: Mapping[str, Callable[[], Any]], callers: Callers, *, assets: Assets, website: Website
) -> dict[str, Provide]:
    return {
        **{name: _provide(provider) for name, provider in providers.items()},
        "assets": _provide(lambda: assets),
        "caller": Provide(callers.provide_caller),
        "principal": Provide(provide_principal),
        "unreadable": Provide(provide_unreadable),
        "website": _provide(lambda: website),
    }


def _guard_of(providers: Mapping[str, Callable[[], Any]], callers: Callers) -> AccessGuard:
    return AccessGuard(
        authenticate=providers["authenticate"],
        authorize=providers["authorize"],
        session_cookies=providers["session_cookies"],
        callers=callers,
    )


def _provide(provider: Callable[[], Any]) -> Provide:
    # Litestar reads the signature of a dependency, and the container's providers have none.
    return Provide(lambda: provider(), sync_to_thread=False)  # noqa: PLW0108 - see above
